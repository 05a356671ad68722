/**
 * Annotations "org.systemd.property.NAME" as properties of the container's unit. Their values are in
 * GVariant's text format: `true`, `'text'`, `uint64 5`, `['a', 'b']`. Pure.
 */

import { RuntimeError } from "../../failure/errors.ts";
import type { Property } from "./properties.ts";
import type { Value } from "./wire.ts";

const PREFIX = "org.systemd.property.";

/** Throws RuntimeError that names the annotation. */
export function annotatedProperties(annotations: Readonly<Record<string, string>>): Property[] {
  const properties: Property[] = [];
  for (const [key, text] of Object.entries(annotations)) {
    if (!key.startsWith(PREFIX)) continue;
    const name = key.slice(PREFIX.length);
    if (!/^[A-Za-z]{3,}$/.test(name)) {
      throw new RuntimeError(`annotation ${key} name incorrect: at least three letters, and nothing else`, {
        subject: `annotations["${key}"]`,
      });
    }
    try {
      properties.push(inMicroseconds(name, parseGVariant(text)));
    } catch (error) {
      throw new RuntimeError(`annotation ${key}=${text} value parse error: ${(error as Error).message}`, {
        subject: `annotations["${key}"]`,
        hint: "GVariant text: true, 'text', 5, uint64 5, ['a', 'b']",
      });
    }
  }
  return properties;
}

interface Typed {
  signature: string;
  value: Value;
}

/** People write seconds; over D-Bus such a property is NAMEUSec, in microseconds. */
function inMicroseconds(name: string, { signature, value }: Typed): Property {
  if (!/[a-z]Sec$/.test(name)) return { name, signature, value };
  if (!"ynqiuxtd".includes(signature)) throw new Error("a property in seconds must be a number");
  const microseconds = BigInt(Math.trunc(Number(value) * 1_000_000));
  if (microseconds < 0n) throw new Error("a property in seconds must not be negative");
  return { name: name.replace(/Sec$/, "USec"), signature: "t", value: microseconds };
}

const KEYWORDS: Readonly<Record<string, string>> = {
  boolean: "b",
  byte: "y",
  int16: "n",
  uint16: "q",
  int32: "i",
  uint32: "u",
  int64: "x",
  uint64: "t",
  double: "d",
  string: "s",
  objectpath: "o",
  signature: "g",
};

/** Integers by type: bits, negative for signed ones. */
const BITS: Readonly<Record<string, number>> = { y: 8, n: -16, q: 16, i: -32, u: 32, x: -64, t: 64 };

function isInRange(value: bigint, bits: number): boolean {
  return value === (bits < 0 ? BigInt.asIntN(-bits, value) : BigInt.asUintN(bits, value));
}

/** Throws Error for what is not of the format, or of a type that no unit property has. */
export function parseGVariant(text: string): Typed {
  const parser = new Parser(text);
  const value = parser.value("");
  parser.end();
  return value;
}

class Parser {
  private readonly text: string;
  private offset = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** `expected`: the type asked for by a prefix; "": none. */
  value(expected: string): Typed {
    this.space();
    const prefix = this.take(/@([a-z]+)\s+/y);
    if (prefix !== undefined) return this.value(prefix);
    const word = this.take(/([a-z][a-z0-9]*)/y);
    if (word !== undefined) {
      const keyword = KEYWORDS[word];
      if (keyword !== undefined) return this.value(keyword);
      if (word === "true" || word === "false") return this.typed("b", word === "true", expected);
      throw new Error(`"${word}" is not a value`);
    }
    const quote = this.text[this.offset];
    if (quote === "'" || quote === '"') {
      const type = expected === "o" || expected === "g" ? expected : "s";
      return this.typed(type, this.string(quote), expected);
    }
    if (quote === "[") return this.array(expected);
    const number = this.take(/([+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+))/y);
    if (number === undefined) throw new Error(`expected a value at "${this.text.slice(this.offset)}"`);
    return this.number(number, expected);
  }

  end(): void {
    this.space();
    if (this.offset !== this.text.length)
      throw new Error(`"${this.text.slice(this.offset)}" after the value`);
  }

  private number(text: string, expected: string): Typed {
    const isInteger = /^[+-]?(0[xX][0-9a-fA-F]+|\d+)$/.test(text);
    const type = expected === "" ? (isInteger ? "i" : "d") : expected;
    if (type === "d") return { signature: "d", value: Number(text) };
    const bits = BITS[type];
    if (bits === undefined || !isInteger) throw new Error(`"${text}" is not of the type "${type}"`);
    const value = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text.replace("+", ""));
    if (!isInRange(value, bits)) throw new Error(`"${text}" is out of the range of the type "${type}"`);
    return { signature: type, value: type === "x" || type === "t" ? value : Number(value) };
  }

  private array(expected: string): Typed {
    if (expected !== "" && !expected.startsWith("a"))
      throw new Error(`an array is not of the type "${expected}"`);
    let element = expected.slice(1);
    const items: Value[] = [];
    this.offset += 1;
    for (;;) {
      this.space();
      if (this.take(/(\])/y) !== undefined) break;
      if (items.length > 0 && this.take(/(,)/y) === undefined) throw new Error("unterminated array");
      const item = this.value(element);
      element = item.signature;
      items.push(item.value);
    }
    if (element === "") throw new Error("an empty array needs a type: @as []");
    return { signature: `a${element}`, value: element === "y" ? new Uint8Array(items as number[]) : items };
  }

  private string(quote: string): string {
    let result = "";
    for (let index = this.offset + 1; index < this.text.length; index += 1) {
      const character = this.text[index] as string;
      if (character === quote) {
        this.offset = index + 1;
        return result;
      }
      if (character === "\\") index += 1;
      result += character === "\\" ? escaped(this.text[index]) : character;
    }
    throw new Error("unterminated string");
  }

  private typed(signature: string, value: Value, expected: string): Typed {
    if (expected !== "" && expected !== signature)
      throw new Error(`expected a value of the type "${expected}"`);
    return { signature, value };
  }

  private space(): void {
    while (this.text[this.offset] === " ") this.offset += 1;
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.offset = pattern.lastIndex;
    return match[1];
  }
}

function escaped(character: string | undefined): string {
  if (character === undefined) throw new Error("unterminated string");
  return { n: "\n", t: "\t", r: "\r" }[character] ?? character;
}
