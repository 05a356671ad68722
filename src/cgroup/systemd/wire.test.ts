import { describe, expect, test } from "bun:test";
import { decodeMessage, encodeMessage, METHOD_CALL, messageLength, SIGNAL } from "./message.ts";
import { splitSignature, type Value, WireReader, WireWriter } from "./wire.ts";

test.each([
  ["", []],
  ["s", ["s"]],
  ["ssa(sv)a(sa(sv))", ["s", "s", "a(sv)", "a(sa(sv))"]],
  ["a{sv}aau(i(ss))", ["a{sv}", "aau", "(i(ss))"]],
])("splitSignature(%j)", (signature, expected) => {
  expect(splitSignature(signature)).toEqual(expected);
});

test.each(["a", "(s", "(", "z", "()", "a()", "{}", `${"a".repeat(70)}s`])(
  "%j is no signature",
  (signature) => {
    expect(() => splitSignature(signature)).toThrow("D-Bus");
  },
);

const values: [string, Value][] = [
  ["y", 255],
  ["b", true],
  ["n", -32768],
  ["q", 65535],
  ["i", -1],
  ["u", 4294967295],
  ["x", -(1n << 63n)],
  ["t", (1n << 64n) - 1n],
  ["d", 0.1],
  ["s", "zwölf"],
  ["o", "/a/b"],
  ["g", "a(sv)"],
  ["v", { signature: "as", value: ["a", ""] }],
  ["ay", new Uint8Array([3, 0, 1])],
  ["at", []],
  [
    "a(ss)",
    [
      ["/dev/char/1:3", "rwm"],
      ["char-*", "m"],
    ],
  ],
  [
    "a{su}",
    [
      ["a", 1],
      ["b", 2],
    ],
  ],
  [
    "a(sv)",
    [
      ["Delegate", { signature: "b", value: true }],
      ["PIDs", { signature: "au", value: [1, 2] }],
    ],
  ],
];

test.each(values)("%s survives the trip at every alignment", (type, value) => {
  for (let shift = 0; shift < 8; shift += 1) {
    const writer = new WireWriter();
    for (let index = 0; index < shift; index += 1) writer.write("y", 0xaa);
    writer.write(type, value);
    // What follows is read from where the value ends.
    writer.write("y", 0xbb);
    const reader = new WireReader(writer.result(), true);
    for (let index = 0; index < shift; index += 1) reader.read("y");
    expect(reader.read(type)).toEqual(value);
    expect(reader.read("y")).toBe(0xbb);
  }
});

/** From the D-Bus specification's rules, by hand. */
test("bytes on the wire", () => {
  const writer = new WireWriter();
  writer.write("y", 1);
  writer.write("s", "ab");
  writer.write("a(t)", [[2n]]);
  expect([...writer.result()]).toEqual([
    1, 0, 0, 0, 2, 0, 0, 0, 97, 98, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
  ]);
});

describe("messages", () => {
  const call = {
    destination: "org.freedesktop.systemd1",
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "StopUnit",
    signature: "ss",
    body: ["a.scope", "replace"],
  };

  test("a call is read back", () => {
    const bytes = encodeMessage(METHOD_CALL, 7, call);
    expect(messageLength(bytes)).toBe(bytes.length);
    expect(decodeMessage(bytes)).toMatchObject({
      type: 1,
      serial: 7,
      member: "StopUnit",
      body: ["a.scope", "replace"],
    });
  });

  test("the length is known from the first 16 bytes on", () => {
    const bytes = encodeMessage(METHOD_CALL, 7, call);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(messageLength(bytes.subarray(0, length))).toBe(length < 16 ? 0 : bytes.length);
    }
  });

  test("no prefix and no changed byte of a message does more than throw", () => {
    const bytes = encodeMessage(SIGNAL, 3, {
      path: "/a",
      interface: "b.c",
      member: "D",
      signature: "uoss",
      body: [1, "/j", "u", "done"],
    });
    for (let length = 16; length < bytes.length; length += 1) {
      expect(() => decodeMessage(bytes.slice(0, length))).toThrow();
    }
    for (let index = 0; index < bytes.length; index += 1) {
      for (const value of [0, 1, 0x61, 0x28, 0xff]) {
        const changed = bytes.slice();
        changed[index] = value;
        try {
          decodeMessage(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }
    }
  });

  test.each([
    ["x garbage that is no message", "not a D-Bus message"],
    ["l\x01\x00\x01\xff\xff\xff\x7f\x01\x00\x00\x00\x00\x00\x00\x00", "exceeds the maximum length"],
  ])("%j is refused", (text, message) => {
    expect(() => messageLength(Uint8Array.from(text, (c) => c.charCodeAt(0)))).toThrow(message);
  });
});

test("a signature that is no text is an error of the message", () => {
  const writer = new WireWriter();
  for (const byte of ["l".charCodeAt(0), SIGNAL, 0, 1]) writer.write("y", byte);
  for (const word of [0, 7]) writer.write("u", word);
  writer.write("a(yv)", [[8, { signature: "u", value: 5 }]]);
  expect(() => decodeMessage(writer.result())).toThrow("D-Bus header field 8 is no text");
});
