/**
 * Values in the D-Bus wire format, little-endian. D-Bus Specification, "Marshaling (Wire Format)".
 * Of the types everything but file descriptors.
 */

import type { Integer64 } from "../../oci/json-number.ts";

/** A value with its type: D-Bus type "v". */
export interface Variant {
  signature: string;
  value: Value;
}

/**
 * By type: y n q i u d → number; x t → number or bigint; b → boolean; s o g → string; v → Variant;
 * ay → Uint8Array; a… and (…) → array; a{…} → array of [key, value].
 */
export type Value = number | bigint | boolean | string | Uint8Array | Variant | readonly Value[];

/** Bytes each type is aligned to, from the start of the message. */
const ALIGNMENT: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries({ ygv: 1, nq: 2, biusoa: 4, "xtd({": 8 }).flatMap(([types, bytes]) =>
    [...types].map((type) => [type, bytes]),
  ),
);

/** Nesting beyond this is an error: the specification allows 64 levels in all. */
const DEPTH_MAX = 64;

/** The single complete type at the start of a signature: "a{sv}u" → "a{sv}". */
function firstType(signature: string, depth = 0): string {
  const [code] = signature;
  if (code === undefined || depth > DEPTH_MAX) throw new Error(`bad D-Bus signature "${signature}"`);
  if (code === "a") return `a${firstType(signature.slice(1), depth + 1)}`;
  const close = code === "(" ? ")" : code === "{" ? "}" : "";
  if (close === "") {
    if (!(code in ALIGNMENT)) throw new Error(`bad D-Bus type "${code}"`);
    return code;
  }
  let end = 1;
  while (signature[end] !== close) end += firstType(signature.slice(end), depth + 1).length;
  // A struct without members takes no bytes, so an array of them would never end.
  if (end === 1) throw new Error(`bad D-Bus type "${code}${close}"`);
  return signature.slice(0, end + 1);
}

/** "su(ii)" → ["s", "u", "(ii)"]. */
export function splitSignature(signature: string): string[] {
  const types: string[] = [];
  for (let rest = signature; rest !== ""; ) {
    const type = firstType(rest);
    types.push(type);
    rest = rest.slice(type.length);
  }
  return types;
}

const inner = (type: string) => type.slice(1, -1);

/** What DataView calls the types of a fixed size. Each is aligned to that. */
const FIXED = new Map([
  ["y", "Uint8"],
  ["b", "Uint32"],
  ["n", "Int16"],
  ["q", "Uint16"],
  ["i", "Int32"],
  ["u", "Uint32"],
  ["x", "BigInt64"],
  ["t", "BigUint64"],
  ["d", "Float64"],
] as const);
type Fixed = Parameters<typeof FIXED.get>[0];

const alignmentOf = (type: string) => ALIGNMENT[type[0] ?? ""] ?? 1;

/** Writes values with the alignment that their types ask for. */
export class WireWriter {
  private bytes = new Uint8Array(256);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  result(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  align(boundary: number): void {
    const padding = (boundary - (this.length % boundary)) % boundary;
    this.reserve(padding);
    this.length += padding;
  }

  write(type: string, value: Value): void {
    const [code = ""] = type;
    const size = alignmentOf(type);
    this.align(size);
    const fixed = FIXED.get(code as Fixed);
    if (fixed !== undefined) {
      this.reserve(size);
      const number = fixed.startsWith("Big") ? BigInt(value as Integer64) : Number(value);
      this.view[`set${fixed}`](this.length, number as never, true);
      this.length += size;
    } else if (code === "s" || code === "o" || code === "g") {
      this.string(code, value as string);
    } else if (code === "v") {
      const { signature, value: content } = value as Variant;
      this.string("g", signature);
      this.write(signature, content);
    } else if (code === "a") {
      this.array(type.slice(1), value as readonly Value[] | Uint8Array);
    } else if (code === "(" || code === "{") {
      for (const [index, member] of splitSignature(inner(type)).entries()) {
        this.write(member, (value as readonly Value[])[index] as Value);
      }
    } else {
      throw new Error(`bad D-Bus type "${type}"`);
    }
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  private string(code: "s" | "o" | "g", text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.write(code === "g" ? "y" : "u", bytes.length);
    this.raw(bytes);
    this.raw(new Uint8Array(1));
  }

  private array(element: string, items: readonly Value[] | Uint8Array): void {
    const lengthAt = this.length;
    this.write("u", 0);
    // The padding up to the first element does not count.
    this.align(alignmentOf(element));
    const start = this.length;
    if (items instanceof Uint8Array) this.raw(items);
    else for (const item of items) this.write(element, item);
    this.view.setUint32(lengthAt, this.length - start, true);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** Reads what a peer has sent; the result is a value or an Error, whatever the bytes. */
export class WireReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly little: boolean;
  private offset = 0;

  constructor(bytes: Uint8Array, little: boolean) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.little = little;
  }

  align(boundary: number): void {
    this.offset += (boundary - (this.offset % boundary)) % boundary;
  }

  read(type: string, depth = 0): Value {
    if (depth > DEPTH_MAX) throw new Error("D-Bus message is nested too deeply");
    const [code = ""] = type;
    const size = alignmentOf(type);
    this.align(size);
    const fixed = FIXED.get(code as Fixed);
    if (fixed !== undefined) {
      const number = this.view[`get${fixed}`](this.take(size), this.little);
      return code === "b" ? number !== 0 : number;
    }
    switch (code) {
      case "s":
      case "o":
      case "g": {
        const length = this.read(code === "g" ? "y" : "u") as number;
        const start = this.take(length + 1);
        return new TextDecoder().decode(this.bytes.subarray(start, start + length));
      }
      case "v": {
        const signature = this.read("g") as string;
        if (firstType(signature) !== signature) throw new Error(`bad D-Bus variant "${signature}"`);
        return { signature, value: this.read(signature, depth + 1) };
      }
      case "a":
        return this.array(type.slice(1), depth + 1);
      case "(":
      case "{":
        return splitSignature(inner(type)).map((member) => this.read(member, depth + 1));
      default:
        throw new Error(`bad D-Bus type "${type}"`);
    }
  }

  private array(element: string, depth: number): Value {
    const length = this.read("u") as number;
    this.align(alignmentOf(element));
    const end = this.offset + length;
    if (end > this.bytes.length) throw new Error("D-Bus message is cut off");
    if (element === "y") return this.bytes.slice(this.take(length), end);
    const items: Value[] = [];
    while (this.offset < end) items.push(this.read(element, depth));
    if (this.offset !== end) throw new Error("D-Bus array does not end with an element");
    return items;
  }

  private take(count: number): number {
    const start = this.offset;
    if (start + count > this.bytes.length) throw new Error("D-Bus message is cut off");
    this.offset = start + count;
    return start;
  }
}
