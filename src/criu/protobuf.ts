/**
 * Protocol Buffers as CRIU's messages need them: varints, texts and nested messages (protobuf.dev, "Encoding").
 * A message is described once, as an object of fields; the type of its value follows from that.
 */

/** Wire types: how many bytes the value of a field takes. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

type Scalar = "bool" | "int32" | "uint32" | "string";
type Kind = Scalar | Message<Fields>;

interface Field<K extends Kind = Kind, Repeated extends boolean = boolean> {
  /** The field's number in the .proto file. */
  number: number;
  kind: K;
  repeated: Repeated;
}

type Fields = Readonly<Record<string, Field>>;

export interface Message<F extends Fields> {
  fields: F;
}

type ValueOfKind<K> = K extends "bool"
  ? boolean
  : K extends "string"
    ? string
    : K extends Scalar
      ? number
      : K extends Message<infer F>
        ? ValueOfFields<F>
        : never;

type ValueOfFields<F extends Fields> = {
  [Name in keyof F]?: F[Name] extends Field<infer K, infer Repeated>
    ? Repeated extends true
      ? ValueOfKind<K>[]
      : ValueOfKind<K>
    : never;
};

/** What `encode` takes and `decode` returns: every field may be missing. */
export type Value<M> = M extends Message<infer F> ? ValueOfFields<F> : never;

export function field<const K extends Kind>(number: number, kind: K): Field<K, false> {
  return { number, kind, repeated: false };
}

export function repeated<const K extends Kind>(number: number, kind: K): Field<K, true> {
  return { number, kind, repeated: true };
}

export function message<const F extends Fields>(fields: F): Message<F> {
  return { fields };
}

/** A value as the bytes of its message. */
export function encode<F extends Fields>(type: Message<F>, value: ValueOfFields<F>): Uint8Array {
  const bytes: number[] = [];
  for (const [name, { number, kind, repeated: many }] of Object.entries(type.fields)) {
    const given: unknown = value[name];
    if (given === undefined) continue;
    for (const item of many ? (given as unknown[]) : [given]) writeField(bytes, number, kind, item);
  }
  return Uint8Array.from(bytes);
}

const encoder = new TextEncoder();

function writeField(bytes: number[], number: number, kind: Kind, value: unknown): void {
  if (typeof kind === "string" && kind !== "string") {
    writeVarint(bytes, BigInt(number * 8 + VARINT));
    // A negative int32 is sent as the 64-bit number that it is.
    writeVarint(bytes, BigInt.asUintN(64, BigInt(value as number | boolean)));
    return;
  }
  const content = kind === "string" ? encoder.encode(value as string) : encode(kind, value as object);
  writeVarint(bytes, BigInt(number * 8 + LENGTH));
  writeVarint(bytes, BigInt(content.length));
  for (const byte of content) bytes.push(byte);
}

function writeVarint(bytes: number[], value: bigint): void {
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}

/** Unknown fields are skipped. Throws RangeError if the bytes are not a message of this type. */
export function decode<F extends Fields>(type: Message<F>, bytes: Uint8Array): ValueOfFields<F> {
  const byNumber = new Map(
    Object.entries(type.fields).map(([name, each]) => [each.number, { name, ...each }]),
  );
  const value: Record<string, unknown> = {};
  const reader = new Reader(bytes);
  while (!reader.ended) {
    const tag = Number(reader.varint());
    const found = byNumber.get(Math.floor(tag / 8));
    const item = reader.item(tag % 8);
    if (found === undefined || item === undefined) continue;
    const decoded = decodeItem(found.kind, item, found.name);
    if (found.repeated)
      value[found.name] = [...((value[found.name] as unknown[] | undefined) ?? []), decoded];
    else value[found.name] = decoded;
  }
  return value as ValueOfFields<F>;
}

function decodeItem(kind: Kind, item: bigint | Uint8Array, name: string): unknown {
  const isNumber = typeof kind === "string" && kind !== "string";
  if (isNumber !== (typeof item === "bigint")) throw new RangeError(`field ${name} has another type`);
  if (typeof item !== "bigint")
    return kind === "string" ? decoder.decode(item) : decode(kind as Message<Fields>, item);
  if (kind === "bool") return item !== 0n;
  return Number(kind === "int32" ? BigInt.asIntN(32, item) : BigInt.asUintN(32, item));
}

const decoder = new TextDecoder();
const VARINT_BYTES_MAX = 10;

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError("the message is cut off");
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number has more than ten bytes");
  }

  /** The value of a field; undefined for a wire type that none of our fields has. */
  item(wireType: number): bigint | Uint8Array | undefined {
    switch (wireType) {
      case VARINT:
        return this.varint();
      case LENGTH:
        return this.#take(Number(this.varint()));
      case FIXED64:
        this.#take(8);
        return undefined;
      case FIXED32:
        this.#take(4);
        return undefined;
      default:
        throw new RangeError(`wire type ${wireType} is not known`);
    }
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("the message is cut off");
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
