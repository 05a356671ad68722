/** D-Bus messages. D-Bus Specification, "Message Format". */

import { splitSignature, type Value, WireReader, WireWriter } from "./wire.ts";

export const METHOD_CALL = 1;
export const METHOD_RETURN = 2;
export const ERROR = 3;
export const SIGNAL = 4;

/** A method call to be encoded. */
export interface MethodCall {
  destination: string;
  path: string;
  interface: string;
  member: string;
  signature: string;
  body: readonly Value[];
}

/** A message as it was received. */
export interface Message {
  type: number;
  serial: number;
  /** Serial of the call that this answers; 0: none. */
  replySerial: number;
  path: string;
  interface: string;
  member: string;
  errorName: string;
  sender: string;
  body: readonly Value[];
}

/** Fields of the header: number and type. */
const FIELDS = {
  path: [1, "o"],
  interface: [2, "s"],
  member: [3, "s"],
  errorName: [4, "s"],
  replySerial: [5, "u"],
  destination: [6, "s"],
  sender: [7, "s"],
  signature: [8, "g"],
} as const;
type FieldName = keyof typeof FIELDS;
/** The fixed part of a header with the length of its field array. */
const FIXED_LENGTH = 16;
/** The specification's own bound. */
const MESSAGE_LENGTH_MAX = 1 << 27;

/** What a message says: the fields of its header that it has, and the values in the body. */
type Said = { [Name in FieldName]?: string | number } & { signature?: string; body?: readonly Value[] };

/** The bytes of a message. `type`: METHOD_CALL, ERROR …; `serial`: of this message, from 1. */
export function encodeMessage(type: number, serial: number, { body = [], ...said }: Said): Uint8Array {
  const values = new WireWriter();
  for (const [index, member] of splitSignature(said.signature ?? "").entries()) {
    values.write(member, body[index] as Value);
  }
  const fields = Object.entries(FIELDS).flatMap(([name, [number, signature]]): Value[] => {
    const value = said[name as FieldName];
    return value === undefined || value === "" ? [] : [[number, { signature, value }]];
  });
  const littleEndian = "l".charCodeAt(0);
  const protocolVersion = 1;
  const message = new WireWriter();
  for (const byte of [littleEndian, type, 0, protocolVersion]) message.write("y", byte);
  const content = values.result();
  message.write("u", content.length);
  message.write("u", serial);
  message.write("a(yv)", fields);
  message.align(8);
  message.raw(content);
  return message.result();
}

/**
 * The length of the message at the start of `bytes`; 0 while it is still unknown. Throws Error for an invalid
 * message.
 */
export function messageLength(bytes: Uint8Array): number {
  if (bytes.length < FIXED_LENGTH) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const little = isLittleEndian(bytes);
  const fields = view.getUint32(12, little);
  const length = FIXED_LENGTH + Math.ceil(fields / 8) * 8 + view.getUint32(4, little);
  if (length > MESSAGE_LENGTH_MAX) throw new Error("D-Bus message exceeds the maximum length");
  return length;
}

function isLittleEndian(bytes: Uint8Array): boolean {
  const [endian] = bytes;
  if (endian === "l".charCodeAt(0)) return true;
  if (endian === "B".charCodeAt(0)) return false;
  throw new Error("not a D-Bus message");
}

/** One whole message. Throws Error for an invalid one. */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new WireReader(bytes, isLittleEndian(bytes));
  const [, type, , version] = [1, 2, 3, 4].map(() => reader.read("y") as number);
  if (type === undefined || version !== 1) throw new Error("D-Bus message of another version");
  reader.read("u");
  const serial = reader.read("u") as number;
  const fields = new Map<number, Value>();
  for (const field of reader.read("a(yv)") as [number, { value: Value }][])
    fields.set(field[0], field[1].value);
  reader.align(8);
  const text = (name: FieldName) => {
    const [field] = FIELDS[name];
    const value = fields.get(field) ?? "";
    if (typeof value !== "string") throw new Error(`D-Bus header field ${field} is no text`);
    return value;
  };
  return {
    type,
    serial,
    replySerial: (fields.get(FIELDS.replySerial[0]) as number | undefined) ?? 0,
    path: text("path"),
    interface: text("interface"),
    member: text("member"),
    errorName: text("errorName"),
    sender: text("sender"),
    body: splitSignature(text("signature")).map((member) => reader.read(member)),
  };
}
