import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addEntryStub } from "./entry-stub.ts";

const directory = mkdtempSync(join(tmpdir(), "bunc-entry-stub-"));
afterAll(() => rmSync(directory, { recursive: true }));

const X86_64 = { machine: 62, copy: 5 };
const AARCH64 = { machine: 183, copy: 1024 };
const [PT_LOAD, PT_DYNAMIC, PT_NOTE] = [1, 2, 4];
const [SHT_STRTAB, SHT_RELA, SHT_DYNSYM] = [3, 4, 11];

type Header = [type: number, flags: number, offset: number, address: number, size: number];

/** A file of 4096 bytes at address 0x200000, with `environ` in its second segment. */
function executable({ machine, copy } = X86_64): Buffer {
  const segments: Header[] = [
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

function stub({ machine } = X86_64): Buffer {
  const elf = file(machine, 0x18, [[PT_LOAD, 5, 0x200, 0, 0x40]]);
  elf.write("bunclink", 0x200);
  elf.fill(0x90, 0x218, 0x240);
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
  const [hostPath, stubPath] = [join(directory, "host"), join(directory, "stub")];
  writeFileSync(hostPath, host);
  writeFileSync(stubPath, code);
  try {
    addEntryStub(hostPath, stubPath);
  } catch (error) {
    expect(readFileSync(hostPath).equals(host)).toBe(true);
    throw error;
  }
  return readFileSync(hostPath);
}

describe.each([
  ["x86_64", X86_64],
  ["aarch64", AARCH64],
])("%s", (_, machine) => {
  const before = executable(machine);
  const after = add(before, stub(machine));
  const header = (word: number) => Number(after.readBigUInt64LE(64 + 3 * 56 + 8 + word * 8));

  test("the note has become a segment behind all others that holds the stub", () => {
    expect(after.readUInt32LE(64 + 3 * 56)).toBe(PT_LOAD);
    expect(after.readUInt32LE(64 + 3 * 56 + 4)).toBe(5);
    expect([0, 1, 2, 3, 4, 5].map(header)).toEqual([0x1000, 0x203000, 0x203000, 0x40, 0x40, 0x1000]);
    expect(after.subarray(0x1018).equals(stub(machine).subarray(0x218, 0x240))).toBe(true);
  });

  test("the entry point is the stub's, and the stub knows Bun's and environ", () => {
    expect(Number(after.readBigUInt64LE(24))).toBe(0x203018);
    expect(Number(after.readBigInt64LE(0x1008))).toBe(0x200100 - 0x203000);
    expect(Number(after.readBigInt64LE(0x1010))).toBe(0x202810 - 0x203000);
  });

  test("nothing else has changed", () => {
    const rest = Buffer.from(after.subarray(0, before.length));
    before.copy(rest, 24, 24, 32);
    before.copy(rest, 64 + 3 * 56, 64 + 3 * 56, 64 + 4 * 56);
    expect(rest.equals(before)).toBe(true);
  });

  test("a second time is refused", () => {
    expect(() => add(after, stub(machine))).toThrow("no PT_NOTE");
  });
});

const byte = (offset: number, value: number) => (elf: Buffer) => elf.writeUInt8(value, offset);

test.each<[string, (elf: Buffer) => unknown, string]>([
  ["no ELF", byte(0, 0), "not a 64-bit little-endian ELF file"],
  ["32-bit", byte(4, 1), "not a 64-bit little-endian ELF file"],
  ["another machine", byte(18, 8), "e_machine 8"],
  ["the other machine", byte(18, 183), "e_machine 183, the stub's is 62"],
  ["relocatable", byte(16, 1), "e_type 1"],
  ["larger program headers", byte(54, 64), "e_phentsize"],
  ["no dynamic segment", byte(64 + 2 * 56, 6), "not dynamically linked"],
  ["no note", byte(64 + 3 * 56, 6), "no PT_NOTE"],
  ["a note before the last segment", (elf) => elf.writeUInt32LE(PT_LOAD, 64 + 3 * 56), "no PT_NOTE"],
  ["entry point elsewhere", byte(26, 0x30), "in no executable segment"],
  ["segment behind the file", byte(64 + 56 + 33, 0xff), "ends behind the file"],
  ["no dynamic symbols", byte(0xa00 + 64 + 4, 2), "no one .dynsym"],
  ["no environ", byte(0x601, 0x58), "does not define environ"],
  ["two environs", byte(0x640 + 24 + 8, 0), "not the same variable"],
  ["environ not copied", byte(0x6a8, 6), "not a copy of libc's"],
])("%s is refused", (_, damage, message) => {
  const elf = executable();
  damage(elf);
  expect(() => add(elf, stub())).toThrow(message);
});

test.each<[string, (elf: Buffer) => unknown, string]>([
  ["writable", byte(68, 7), "segment flags 7"],
  ["not at address 0", byte(64 + 17, 1), "address 0"],
  ["with zeroed data", byte(64 + 41, 1), "data without content"],
  ["with another beginning", byte(0x200, 0), "its links"],
  ["entry point outside", byte(24, 0x40), "entry point 64"],
])("a stub %s is refused", (_, damage, message) => {
  const code = stub();
  damage(code);
  expect(() => add(executable(), code)).toThrow(message);
});
