import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addCore, coreExports } from "./link-core.ts";

const directory = mkdtempSync(join(tmpdir(), "bunc-link-core-"));
afterAll(() => rmSync(directory, { recursive: true }));

const X86_64 = { machine: 62, copy: 5 };
const AARCH64 = { machine: 183, copy: 1024 };
const [PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_PHDR] = [1, 2, 4, 6];
const [SHT_STRTAB, SHT_RELA, SHT_DYNSYM] = [3, 4, 11];

type Header = [type: number, flags: number, offset: number, address: number, size: number];

/** A file of 4096 bytes at address 0x200000, with `environ` in its second segment. */
function executable({ machine, copy } = X86_64): Buffer {
  const segments: Header[] = [
    [PT_PHDR, 4, 0x40, 0x200040, 0x118],
    [PT_LOAD, 5, 0, 0x200000, 0x1000],
    [PT_LOAD, 6, 0x800, 0x202800, 0x20],
    [PT_DYNAMIC, 6, 0x800, 0x202800, 0x10],
    [PT_NOTE, 4, 0x900, 0x200900, 0x10],
  ];
  const elf = file(machine, 0x200100, segments);
  elf.write("\0environ\0__environ\0", 0x600, "latin1");
  const names = [1, 9];
  for (const [index, name] of names.entries()) {
    elf.writeUInt32LE(name, 0x640 + index * 24);
    elf.writeBigUInt64LE(0x202810n, 0x640 + index * 24 + 8);
  }
  elf.writeBigUInt64LE(0x202810n, 0x6a0);
  elf.writeUInt32LE(copy, 0x6a8);
  const sections: [type: number, offset: number, size: number, link: number, entrySize: number][] = [
    [0, 0, 0, 0, 0],
    [SHT_DYNSYM, 0x640, 48, 2, 24],
    [SHT_STRTAB, 0x600, 32, 0, 0],
    [SHT_RELA, 0x6a0, 24, 1, 24],
  ];
  elf.writeBigUInt64LE(0xa00n, 40);
  elf.writeUInt16LE(sections.length, 60);
  for (const [index, [type, offset, size, link, entrySize]] of sections.entries()) {
    const at = 0xa00 + index * 64;
    elf.writeUInt32LE(type, at + 4);
    elf.writeBigUInt64LE(BigInt(offset), at + 24);
    elf.writeBigUInt64LE(BigInt(size), at + 32);
    elf.writeUInt32LE(link, at + 40);
    elf.writeBigUInt64LE(BigInt(entrySize), at + 56);
  }
  return elf;
}

/** Code at 0x40000000 with the links first, and data at 0x40010000. */
function core({ machine } = X86_64): Buffer {
  const elf = file(machine, 0x40000028, [
    [PT_LOAD, 5, 0x200, 0x40000000, 0x40],
    [PT_LOAD, 6, 0x300, 0x40010000, 0x10],
  ]);
  elf.write("bunclink", 0x200);
  elf.writeBigUInt64LE(0x40000030n, 0x218);
  elf.writeBigUInt64LE(0x40000038n, 0x220);
  elf.fill(0x90, 0x228, 0x240);
  elf.fill(0x11, 0x300, 0x310);
  return elf;
}

function file(machine: number, entry: number, segments: Header[]): Buffer {
  const elf = Buffer.alloc(0x1000);
  elf.write("\x7fELF\x02\x01\x01", "latin1");
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(machine, 18);
  elf.writeBigUInt64LE(BigInt(entry), 24);
  elf.writeBigUInt64LE(64n, 32);
  for (const [offset, value] of [
    [54, 56],
    [56, segments.length],
    [58, 64],
  ] as const) {
    elf.writeUInt16LE(value, offset);
  }
  for (const [index, [type, flags, offset, address, size]] of segments.entries()) {
    const at = 64 + index * 56;
    elf.writeUInt32LE(type, at);
    elf.writeUInt32LE(flags, at + 4);
    for (const [word, value] of [offset, address, address, size, size, 0x1000].entries()) {
      elf.writeBigUInt64LE(BigInt(value), at + 8 + word * 8);
    }
  }
  return elf;
}

function add(host: Buffer, code: Buffer): Buffer {
  const [hostPath, corePath] = [join(directory, "host"), join(directory, "core")];
  writeFileSync(hostPath, host);
  writeFileSync(corePath, code);
  try {
    addCore(hostPath, corePath);
  } catch (error) {
    expect(readFileSync(hostPath).equals(host)).toBe(true);
    throw error;
  }
  return readFileSync(hostPath);
}

/** Type, flags, offset, address, physical address, size in the file and in memory, alignment. */
function headerAt(elf: Buffer, index: number): number[] {
  const at = 64 + index * 56;
  const words = [0, 1, 2, 3, 4, 5].map((word) => Number(elf.readBigUInt64LE(at + 8 + word * 8)));
  return [elf.readUInt32LE(at), elf.readUInt32LE(at + 4), ...words];
}

describe.each([
  ["x86_64", X86_64],
  ["aarch64", AARCH64],
])("%s", (_, machine) => {
  const before = executable(machine);
  const after = add(before, core(machine));

  test("the core's segments stand behind the others, in the places of the note and of the table's own header", () => {
    expect([0, 1, 2].map((index) => headerAt(after, index))).toEqual(
      [1, 2, 3].map((index) => headerAt(before, index)),
    );
    expect(headerAt(after, 3)).toEqual([PT_LOAD, 5, 0x1000, 0x40000000, 0x40000000, 0x40, 0x40, 0x1000]);
    expect(headerAt(after, 4)).toEqual([PT_LOAD, 6, 0x2000, 0x40010000, 0x40010000, 0x10, 0x10, 0x1000]);
    expect(after.subarray(0x1018, 0x1040).equals(core(machine).subarray(0x218, 0x240))).toBe(true);
    expect(after.subarray(0x2000).equals(core(machine).subarray(0x300, 0x310))).toBe(true);
  });

  test("the entry point is the stub's, and the stub knows Bun's and environ", () => {
    expect(Number(after.readBigUInt64LE(24))).toBe(0x40000028);
    expect(Number(after.readBigUInt64LE(0x1008))).toBe(0x200100);
    expect(Number(after.readBigUInt64LE(0x1010))).toBe(0x202810);
  });

  test("nothing else has changed", () => {
    const rest = Buffer.from(after.subarray(0, before.length));
    before.copy(rest, 24, 24, 32);
    before.copy(rest, 64, 64, 64 + 5 * 56);
    expect(rest.equals(before)).toBe(true);
  });

  test("a second time is refused", () => {
    expect(() => add(after, core(machine))).toThrow("where the core is linked");
  });
});

test("the exports are the addresses in the links", () => {
  const path = join(directory, "exports");
  writeFileSync(path, core());
  expect(coreExports(path)).toEqual({ abi: 0x40000030, call: 0x40000038 });
});

const byte = (offset: number, value: number) => (elf: Buffer) => elf.writeUInt8(value, offset);

test.each<[string, (elf: Buffer) => unknown, string]>([
  ["no ELF", byte(0, 0), "not a 64-bit little-endian ELF file"],
  ["32-bit", byte(4, 1), "not a 64-bit little-endian ELF file"],
  ["another machine", byte(18, 8), "e_machine 8"],
  ["the other machine", byte(18, 183), "e_machine 183, the core's is 62"],
  ["position independent", byte(16, 3), "fixed address"],
  ["larger program headers", byte(54, 64), "e_phentsize"],
  ["no dynamic segment", byte(64 + 3 * 56, 0), "not one header of type 2"],
  ["no note", byte(64 + 4 * 56, 0), "not one header of type 4"],
  ["two notes", byte(64, PT_NOTE), "not one header of type 4"],
  ["entry point elsewhere", byte(26, 0x30), "in no executable segment"],
  ["segment behind the file", byte(64 + 2 * 56 + 33, 0xff), "ends behind the file"],
  ["reaching to the core", byte(64 + 2 * 56 + 19, 0x50), "where the core is linked"],
  ["no dynamic symbols", byte(0xa00 + 64 + 4, 2), "no one .dynsym"],
  ["no environ", byte(0x601, 0x58), "does not define environ"],
  ["two environs", byte(0x640 + 24 + 8, 0), "not the same variable"],
  ["environ not copied", byte(0x6a8, 6), "not a copy of libc's"],
])("%s is refused", (_, damage, message) => {
  const elf = executable();
  damage(elf);
  expect(() => add(elf, core())).toThrow(message);
});

test.each<[string, (elf: Buffer) => unknown, string]>([
  ["with writable code", byte(68, 7), "begin with code"],
  ["without data", byte(64 + 56, 0), "end with data"],
  ["of one segment", byte(56, 1), "two segments"],
  ["with another beginning", byte(0x200, 0), "its links"],
])("a core %s is refused", (_, damage, message) => {
  const code = core();
  damage(code);
  expect(() => add(executable(), code)).toThrow(message);
});
