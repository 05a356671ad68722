import { expect, test } from "bun:test";
import { decode, encode, type Message } from "./protobuf.ts";
import { CriuReq, CriuResp, REQ_TYPE } from "./rpc.ts";

const Inner = { text: [1, "string"], number: [2, "int32"] } as const satisfies Message;
const Outer = {
  flag: [1, "bool"],
  signed: [2, "int32"],
  unsigned: [3, "uint32"],
  text: [15, "string"],
  inner: [16, Inner],
  texts: [17, "string", "repeated"],
  inners: [200, Inner, "repeated"],
} as const satisfies Message;

const hex = (bytes: Uint8Array) => bytes.toHex();

test.each([
  ["nothing", {}, ""],
  ["true", { flag: true }, "0801"],
  ["false is sent", { flag: false }, "0800"],
  ["one byte", { signed: 127 }, "107f"],
  ["two bytes", { signed: 300 }, "10ac02"],
  ["negative: ten bytes", { signed: -1 }, "10ffffffffffffffffff01"],
  ["the largest uint32", { unsigned: 0xffffffff }, "18ffffffff0f"],
  ["text", { text: "testing" }, "7a0774657374696e67"],
  ["empty text is sent", { text: "" }, "7a00"],
  ["text beyond ASCII", { text: "é" }, "7a02c3a9"],
  ["a message in a message", { inner: { text: "a", number: 2 } }, "820105" + "0a0161" + "1002"],
  ["an empty message", { inner: {} }, "820100"],
  ["several texts, in order", { texts: ["a", "b"] }, "8a010161" + "8a010162"],
  ["no text of several", { texts: [] }, ""],
  ["several messages", { inners: [{ number: 1 }, { number: 2 }] }, "c20c021001" + "c20c021002"],
])("%s", (_name, value, bytes) => {
  expect(hex(encode(Outer, value))).toBe(bytes);
  const isEmptyList = Object.values(value).some((item) => Array.isArray(item) && item.length === 0);
  expect(decode(Outer, Uint8Array.fromHex(bytes))).toEqual(isEmptyList ? {} : value);
});

test.each([
  [
    "unknown numbers, texts and fixed sizes",
    "4801" + "520161" + "590000000000000000" + "6500000000" + "0801",
    { flag: true },
  ],
  ["the last of several values", "107f" + "1001", { signed: 1 }],
  ["a bool of another number than 1", "0802", { flag: true }],
  ["an int32 in five bytes", "10ffffffff0f", { signed: -1 }],
])("reads past or takes %s", (_name, bytes, value) => {
  expect(decode(Outer, Uint8Array.fromHex(bytes))).toEqual(value);
});

test.each([
  ["a cut number", "10ff"],
  ["a number without end", "10ffffffffffffffffffffff01"],
  ["a cut text", "7a0761"],
  ["a text where a number belongs", "0a0161"],
  ["a number where a text belongs", "7801"],
  ["a group", "0b"],
  ["a message that is cut inside", "8201020a05"],
])("refuses %s", (_name, bytes) => {
  expect(() => decode(Outer, Uint8Array.fromHex(bytes))).toThrow();
});

test("what CRIU 3.17 says of itself", () => {
  expect(hex(encode(CriuReq, { type: REQ_TYPE.VERSION, keep_open: true }))).toBe("080a2001");
  expect(decode(CriuResp, Uint8Array.fromHex("080a100152060803101120" + "01"))).toEqual({
    type: REQ_TYPE.VERSION,
    success: true,
    version: { major_number: 3, minor_number: 17, sublevel: 1 },
  });
  expect(decode(CriuResp, Uint8Array.fromHex("08091000"))).toEqual({
    type: REQ_TYPE.FEATURE_CHECK,
    success: false,
  });
});
