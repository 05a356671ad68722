import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Elf, encodeProgramHeaders, type Segment, SegmentType } from "./elf.ts";
import { changesOf } from "./segments.ts";

const directory = mkdtempSync(join(tmpdir(), "bunc-segments-"));
afterAll(() => rmSync(directory, { recursive: true }));

const CORE = 0x40000000;
const TABLE = CORE + 0x100;
const FILE_BYTES = 0x20000;

const load = (flags: number, offset: number, address: number, bytes: number, more = {}): Segment => ({
  type: SegmentType.load,
  flags,
  offset,
  address,
  fileSize: bytes,
  memorySize: bytes,
  align: 0x1000,
  ...more,
});
const constants = load(4, 0, 0x200000, 0x5400);
const code = load(5, 0x5400, 0x206400, 0x8000);
const unwinding = { ...load(4, 0x5000, 0x205000, 0x10), type: SegmentType.unwinding };
const stub = load(5, 0x10000, CORE, 0x8000);
const data = load(6, 0x18000, CORE + 0x10000, 0x3000, { memorySize: 0x9000 });
const image = load(6, 0x1b000, 0x50000000, 0x4800);

function executable(segments: readonly Segment[], entry = CORE): Elf {
  const bytes = Buffer.alloc(FILE_BYTES);
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(62, 18);
  bytes.writeBigUInt64LE(BigInt(entry), 24);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(segments.length, 56);
  encodeProgramHeaders(segments).copy(bytes, 64);
  const path = join(directory, "executable");
  writeFileSync(path, bytes);
  return new Elf(path);
}

/** What the kernel sees, and the stub's table. */
function left(segments: readonly Segment[]) {
  const elf = executable(segments);
  const bytes = Buffer.from(elf.bytes);
  for (const [offset, change] of changesOf(elf, TABLE)) change.copy(bytes, offset);
  writeFileSync(elf.path, bytes);
  const seen = new Elf(elf.path).segments;
  const table = readFileSync(elf.path).subarray(stub.offset + 0x100, stub.offset + 0x100 + 8 + 12 * 64);
  const count = Number(table.readBigUInt64LE());
  return {
    seen,
    count,
    headers: table.subarray(8, 8 + count * 56),
    mapped: Array.from({ length: 12 }, (_, index) => Number(table.readBigUInt64LE(8 + 12 * 56 + index * 8))),
  };
}

test("the kernel sees the first page of a large segment; the stub's table has the original headers", () => {
  const whole = [constants, code, unwinding, stub, data];
  const { seen, count, headers, mapped } = left(whole);
  expect(seen).toEqual([
    { ...constants, fileSize: 0x1000, memorySize: 0x1000 },
    { ...code, fileSize: 0xc00, memorySize: 0xc00 },
    unwinding,
    stub,
    data,
  ]);
  expect(count).toBe(5);
  expect(headers.equals(encodeProgramHeaders(whole))).toBe(true);
  expect(mapped).toEqual([0x1000, 0xc00, ...Array(10).fill(0)]);
});

test("an empty segment tells brk(2) where the last one ends", () => {
  const { seen, count, mapped } = left([constants, unwinding, stub, data, image]);
  expect(seen).toEqual([
    { ...constants, fileSize: 0x1000, memorySize: 0x1000 },
    stub,
    data,
    { ...image, fileSize: 0x1000, memorySize: 0x1000 },
    { ...image, flags: 4, offset: 0, address: 0x50005000, fileSize: 0, memorySize: 0 },
  ]);
  expect(count).toBe(5);
  expect(mapped.slice(0, 5)).toEqual([0x1000, 0, 0, 0, 0x1000]);
});

test("the kernel maps a segment of one page, and one that ends with zeros, in full", () => {
  const whole = [
    load(4, 0, 0x200000, 0x1000),
    load(6, 0x5000, 0x205000, 0x2000, { memorySize: 0x2001 }),
    stub,
  ];
  const { seen, mapped } = left(whole);
  expect(seen).toEqual(whole);
  expect(mapped).toEqual(Array(12).fill(0));
});

test.each<[string, readonly Segment[], string]>([
  ["no room for the empty one", [constants, stub, image], "no room for another program header"],
  ["more headers than the table has", Array(13).fill(stub), "13 program headers for 12 places"],
  ["no table of a stub", [constants, data], "bytes at address 0x40000100"],
])("%s: refused", (_, segments, message) => {
  expect(() => changesOf(executable(segments), TABLE)).toThrow(message);
});
