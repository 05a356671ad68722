/** D-Bus messages. D-Bus Specification, "Message Format". */

import { splitSignature, type Value, WireReader, WireWriter } from "./wire.ts";

const METHOD_CALL = 1;
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

const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  replySerial: 5,
  destination: 6,
  sender: 7,
  signature: 8,
};
/** The fixed part of a header with the length of its field array. */
const FIXED_LENGTH = 16;
/** The specification's own bound. */
const MESSAGE_LENGTH_MAX = 1 << 27;

/** The bytes of a method call. `serial`: of this message, from 1. */
export function encodeCall(call: MethodCall, serial: number): Uint8Array {
  const body = new WireWriter();
  for (const [index, type] of splitSignature(call.signature).entries()) {
    body.write(type, call.body[index] as Value);
  }
  const fields: Value[] = [
    [FIELD.path, { signature: "o", value: call.path }],
    [FIELD.interface, { signature: "s", value: call.interface }],
    [FIELD.member, { signature: "s", value: call.member }],
    [FIELD.destination, { signature: "s", value: call.destination }],
  ];
  if (call.signature !== "") fields.push([FIELD.signature, { signature: "g", value: call.signature }]);
  return frame(METHOD_CALL, serial, fields, body.result());
}

/** Answers and signals, as a peer makes them. */
export function encodeReply(
  type: typeof METHOD_RETURN | typeof ERROR | typeof SIGNAL,
  serial: number,
  about: {
    replySerial?: number;
    errorName?: string;
    path?: string;
    interface?: string;
    member?: string;
    sender?: string;
  },
  signature: string,
  values: readonly Value[],
): Uint8Array {
  const body = new WireWriter();
  for (const [index, member] of splitSignature(signature).entries())
    body.write(member, values[index] as Value);
  const fields: Value[] = [];
  if (about.path !== undefined) fields.push([FIELD.path, { signature: "o", value: about.path }]);
  for (const name of ["interface", "member", "errorName", "sender"] as const) {
    const value = about[name];
    if (value !== undefined) fields.push([FIELD[name], { signature: "s", value }]);
  }
  if (about.replySerial !== undefined)
    fields.push([FIELD.replySerial, { signature: "u", value: about.replySerial }]);
  if (signature !== "") fields.push([FIELD.signature, { signature: "g", value: signature }]);
  return frame(type, serial, fields, body.result());
}

function frame(type: number, serial: number, fields: readonly Value[], body: Uint8Array): Uint8Array {
  const littleEndian = "l".charCodeAt(0);
  const protocolVersion = 1;
  const message = new WireWriter();
  for (const byte of [littleEndian, type, 0, protocolVersion]) message.write("y", byte);
  message.write("u", body.length);
  message.write("u", serial);
  message.write("a(yv)", fields);
  message.align(8);
  message.raw(body);
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
  const text = (field: number) => {
    const value = fields.get(field) ?? "";
    if (typeof value !== "string") throw new Error(`D-Bus header field ${field} is no text`);
    return value;
  };
  return {
    type,
    serial,
    replySerial: (fields.get(FIELD.replySerial) as number | undefined) ?? 0,
    path: text(FIELD.path),
    interface: text(FIELD.interface),
    member: text(FIELD.member),
    errorName: text(FIELD.errorName),
    sender: text(FIELD.sender),
    body: splitSignature(text(FIELD.signature)).map((member) => reader.read(member)),
  };
}
