/**
 * Messages of Protocol Buffers, each described by a table of its fields, over the wire format of @bufbuild/protobuf.
 * The type of a message's value follows from its table.
 */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

type Scalar = "bool" | "int32" | "uint32" | "string";

/** Its number in the .proto file, its type, and "repeated" for a list. */
type Field = readonly [number: number, type: Scalar | Message, label?: "repeated"];

/** Field name → field. */
export type Message = { readonly [name: string]: Field };

type ValueOfType<T> = T extends "bool"
  ? boolean
  : T extends "string"
    ? string
    : T extends Scalar
      ? number
      : Value<T>;

/** What `encode` takes and `decode` returns: every field may be missing, or undefined. */
export type Value<M> = {
  -readonly [Name in keyof M]?: M[Name] extends readonly [number, infer T, "repeated"]
    ? ValueOfType<T>[] | undefined
    : M[Name] extends readonly [number, infer T]
      ? ValueOfType<T> | undefined
      : never;
};

/** A value as the bytes of its message. */
export function encode<M extends Message>(message: M, value: Value<M>): Uint8Array {
  return write(new BinaryWriter(), message, value).finish();
}

function write(
  writer: BinaryWriter,
  message: Message,
  value: Readonly<Record<string, unknown>>,
): BinaryWriter {
  for (const [name, [number, type, label]] of Object.entries(message)) {
    const given = value[name];
    if (given === undefined) continue;
    for (const item of label === "repeated" ? (given as unknown[]) : [given]) {
      writer.tag(number, wireType(type));
      if (typeof type === "string") writer[type](item as never);
      else write(writer.fork(), type, item as Record<string, unknown>).join();
    }
  }
  return writer;
}

/** Unknown fields are skipped. Throws an Error if the bytes are not this message. */
export function decode<M extends Message>(message: M, bytes: Uint8Array): Value<M> {
  const names = new Map(Object.entries(message).map(([name, [number]]) => [number, name]));
  const value: Record<string, unknown> = {};
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, found] = reader.tag();
    const name = names.get(number);
    if (name === undefined) {
      reader.skip(found, number);
      continue;
    }
    const [, type, label] = message[name] as Field;
    if (found !== wireType(type)) throw new RangeError(`field ${name} has wire type ${found}`);
    const item = typeof type === "string" ? reader[type]() : decode(type, reader.bytes());
    const before = value[name] as unknown[] | undefined;
    value[name] = label === "repeated" ? [...(before ?? []), item] : item;
  }
  return value as Value<M>;
}

function wireType(type: Field[1]): WireType {
  return type === "string" || typeof type === "object" ? WireType.LengthDelimited : WireType.Varint;
}
