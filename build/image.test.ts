import { describe, expect, test } from "bun:test";
import { homedir } from "node:os";
import { replace } from "./image/processor.ts";
import { encodeTable, headerBytes } from "./image/table.ts";
import { runs } from "./image/watch.ts";
import {
  type Capture,
  expectKnownFlags,
  expectNeutral,
  expectNoPointers,
  type Piece,
  threadIds,
} from "./image.ts";

const area = { start: 0x1000, end: 0x2000, protection: 3, isFile: false, name: "", flags: [] };
const stack = { ...area, start: 0x7ff000, end: 0x800000, name: "[stack]" };

function piece(...words: number[]): Piece {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * 4);
  return { address: 0x1000, bytes, area };
}

const capture = (pid: number, ...pieces: Piece[]): Capture => ({
  pid,
  areas: [area],
  pieces,
  features: Buffer.alloc(24),
  guard: 1n,
});

describe("two captures", () => {
  test("differ in the thread's id, which is removed", () => {
    const { capture: one, places } = threadIds(capture(7, piece(1, 7, 7, 2)), capture(9, piece(1, 9, 7, 2)));
    expect(places).toEqual([0x1004]);
    expect(one.pieces[0]?.bytes).toEqual(piece(1, 0, 7, 2).bytes);
  });

  test.each([
    ["another word", capture(9, piece(1, 9, 3)), "the same value twice at 0x1008: 0x2, 0x3"],
    ["an id that is not its own", capture(9, piece(1, 8, 2)), "the same value twice"],
    ["nothing", capture(9, piece(1, 7, 2)), "not in the image"],
    ["more memory", capture(9, piece(1, 9, 2, 4)), "the same memory twice"],
    ["other memory", capture(9, { ...piece(1, 9, 2), address: 0x2000 }), "the same memory twice"],
  ])("that differ in %s make no image", (_, other, message) => {
    expect(() => threadIds(capture(7, piece(1, 7, 2)), other)).toThrow(message);
  });
});

test("a pointer into the kernel's stack makes no image", () => {
  expect(() => expectNoPointers([piece(0x7ff010, 0)], [area, stack])).toThrow("0x1000 points into [stack]");
  expectNoPointers([piece(0x800000, 0, 0x7ff010, 1)], [area, stack]);
});

test("memory of a kind that no start can restore makes no image", () => {
  expectKnownFlags([{ ...area, flags: ["rd", "wr", "mr", "mw", "me", "ac", "nh"] }]);
  expect(() => expectKnownFlags([area, { ...area, flags: ["rd", "wf"] }])).toThrow(
    '0x1000 has the flag "wf"',
  );
});

test("only instructions that query the processor are replaced", () => {
  const code = (hexadecimal: string) => Buffer.from(hexadecimal.replaceAll(" ", ""), "hex");
  const cpuid = code("0fa2");
  const lead = /b807000000(?:31c9)*$/;
  // mov $7, %eax; xor %ecx, %ecx; cpuid; a call over a distance of the same bytes
  const bytes = code("b807000000 31c9 0fa2 e8140fa2ff");
  expect(replace(bytes, cpuid, lead)).toBe(1);
  expect(bytes).toEqual(code("b807000000 31c9 06a2 e8140fa2ff"));
  expect(replace(bytes, cpuid, lead)).toBe(0);
});

test.each(["latin1", "utf16le"] as const)("a text of the build machine makes no image: %s", (encoding) => {
  const text = process.cwd();
  expect(text.length).toBeGreaterThan(5);
  expect(() => expectNeutral([{ ...piece(), bytes: Buffer.from(`.${text}.`, encoding) }])).toThrow(text);
  expectNeutral([{ ...piece(), bytes: Buffer.from("/usr/lib") }]);
  expect(homedir()).not.toBe("");
});

test("pages that are near one another are one range", () => {
  expect(runs([], 1)).toEqual([]);
  expect(runs([1, 2, 4, 7], 1)).toEqual([
    [0x1000, 0x4000],
    [0x7000, 0x1000],
  ]);
});

test("the header and its lists", () => {
  const table = {
    features: Buffer.alloc(24, 0xaa),
    pageSize: 4096,
    areas: [{ address: 0x100, size: 0x200, protection: 3 }],
    fill: [[25, 1, 2] as const],
    replace: [],
    auxiliary: [0x300],
    guards: [0x400, 0x500],
    tids: [],
    profiles: [
      { verb: "", written: [[0x1000, 0x2000] as const], read: [] },
      { verb: "run", written: [], read: [[0x3000, 0x1000] as const, [0x5000, 0x1000] as const] },
    ],
    stopped: 0x600,
    environ: 0x700,
    code: { address: 0x800, size: 0x900 },
    watched: true,
  };
  const bytes = encodeTable(table, 0x50000000, 4096);
  const words = Array.from({ length: headerBytes(table) / 8 - 3 }, (_, index) =>
    Number(bytes.readBigUInt64LE(24 + index * 8)),
  );
  const lists = 0x50000000 + 24 + (1 + 16 + 6) * 8;
  const at = (count: number) => lists + count * 8;
  expect(words).toEqual([
    ...[4096, 1, at(0), 1, at(3), 0, at(10), 1, at(10), 2, at(11), 0, at(13), 2, at(13), 3, at(23)],
    ...[0x600, 0x700, 0x800, 0x900, 0, 1],
    ...[0x100, 0x200, 3, 25, 1, 2, 0, 0, 0, 0, 0x300, 0x400, 0x500],
    // "run", the first letter lowest
    ...[0, 0, 1, 1, 0, 0x6e7572, 1, 0, 1, 2],
    ...[0x1000, 0x2000, 0x3000, 0x1000, 0x5000, 0x1000],
  ]);
  expect(() => encodeTable(table, 0x50000000, 128)).toThrow("too long");
});
