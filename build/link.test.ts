import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Elf } from "./elf.ts";
import { coreExports, linkExecutable } from "./link.ts";
import { linkerScript } from "./linker-script.ts";

const directory = mkdtempSync(join(tmpdir(), "bunc-link-"));
afterAll(() => rmSync(directory, { recursive: true }));

const X86_64 = { machine: 62, absolute: 1, copy: 5, data: 6, jump: 7, threadOffset: 18, tlsBelow: true };
const AARCH64 = {
  machine: 183,
  absolute: 257,
  copy: 1024,
  data: 1025,
  jump: 1026,
  threadOffset: 1030,
  tlsBelow: false,
};
type Machine = typeof X86_64;
const [PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_PHDR, PT_TLS] = [1, 2, 3, 6, 7];

type Header = [type: number, flags: number, offset: number, address: number, size: number, memory?: number];

function file(machine: number, entry: number, segments: Header[]): Buffer {
  const elf = Buffer.alloc(0x1000);
  elf.write("\x7fELF\x02\x01\x01", "latin1");
  elf.writeUInt16LE(2, 16);
  elf.writeUInt16LE(machine, 18);
  elf.writeBigUInt64LE(BigInt(entry), 24);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(segments.length, 56);
  elf.writeUInt16LE(64, 58);
  for (const [index, [type, flags, offset, address, size, memory = size]] of segments.entries()) {
    const at = 64 + index * 56;
    elf.writeUInt32LE(type, at);
    elf.writeUInt32LE(flags, at + 4);
    for (const [word, value] of [offset, address, address, size, memory, 0x10].entries()) {
      elf.writeBigUInt64LE(BigInt(value), at + 8 + word * 8);
    }
  }
  return elf;
}

/** A string table at `at`. → the offset of each name in it. */
function writeNames(elf: Buffer, at: number, names: string[]): Map<string, number> {
  const offsets = new Map<string, number>();
  let next = 1;
  for (const name of names) {
    elf.write(name, at + next, "latin1");
    offsets.set(name, next);
    next += name.length + 1;
  }
  return offsets;
}

interface TestSymbol {
  name: string;
  value?: number;
  size?: number;
  weak?: boolean;
  defined?: boolean;
}

function writeSymbols(
  elf: Buffer,
  at: number,
  names: ReadonlyMap<string, number>,
  symbols: TestSymbol[],
): void {
  for (const [index, { name, value = 0, size = 0, weak = false, defined = false }] of symbols.entries()) {
    const place = at + index * 24;
    elf.writeUInt32LE(names.get(name) ?? 0, place);
    elf.writeUInt8((weak ? 2 : 1) << 4, place + 4);
    elf.writeUInt16LE(defined ? 1 : 0, place + 6);
    elf.writeBigUInt64LE(BigInt(value), place + 8);
    elf.writeBigUInt64LE(BigInt(size), place + 16);
  }
}

const BUN = 0x200000;
const DATA = BUN + 0x800;

/** The program's imports, and where in its data the results go. */
const wanted: (TestSymbol & { kind: keyof Machine; place: number; addend?: number })[] = [
  { name: "read", kind: "jump", place: 0x00 },
  { name: "write", kind: "absolute", place: 0x08, addend: 4 },
  { name: "memcmp", kind: "data", place: 0x10, value: BUN + 0x123 },
  { name: "memcmp", kind: "jump", place: 0x18, value: BUN + 0x123 },
  { name: "nowhere", kind: "data", place: 0x20, weak: true },
  { name: "callable", kind: "threadOffset", place: 0x28 },
  { name: "environ", kind: "copy", place: 0x30, value: DATA + 0x30, size: 8, defined: true },
  { name: "environ", kind: "data", place: 0x38, value: DATA + 0x30, defined: true },
  { name: "stdout", kind: "copy", place: 0x40, value: DATA + 0x40, size: 8, defined: true },
];

/** A program at 0x200000 like Bun's: one segment with the tables, one with data. */
function program(machine = X86_64): Buffer {
  const elf = file(machine.machine, BUN + 0x100, [
    [PT_PHDR, 4, 0x40, BUN + 0x40, 0x188],
    [PT_INTERP, 4, 0x1f0, BUN + 0x1f0, 8],
    [PT_LOAD, 5, 0, BUN, 0x800],
    [PT_LOAD, 6, 0x800, DATA, 0x800],
    [PT_TLS, 4, 0x880, DATA + 0x80, 8, 0x18],
    [PT_DYNAMIC, 6, 0x900, DATA + 0x100, 0xb0],
    [0x6474e551, 6, 0, 0, 0],
  ]);
  elf.fill(0xee, 0x800, 0x880);
  elf.fill(0x77, 0x880, 0x888);
  const names = writeNames(elf, 0x200, [...new Set(wanted.map(({ name }) => name))]);
  writeSymbols(elf, 0x300, names, wanted);
  const relocations = (at: number, chosen: typeof wanted) => {
    for (const [index, { kind, place, addend = 0, ...symbol }] of chosen.entries()) {
      elf.writeBigUInt64LE(BigInt(DATA + place), at + index * 24);
      elf.writeUInt32LE(machine[kind] as number, at + index * 24 + 8);
      elf.writeUInt32LE(
        wanted.findIndex((row) => row.place === place && row.name === symbol.name),
        at + index * 24 + 12,
      );
      elf.writeBigInt64LE(BigInt(addend), at + index * 24 + 16);
    }
    return [BUN + at, chosen.length * 24] as const;
  };
  const [data, dataSize] = relocations(
    0x500,
    wanted.filter(({ kind }) => kind !== "jump"),
  );
  const [jump, jumpSize] = relocations(
    0x700,
    wanted.filter(({ kind }) => kind === "jump"),
  );
  const dynamic = [
    [5, BUN + 0x200],
    [6, BUN + 0x300],
    [7, data],
    [8, dataSize],
    [23, jump],
    [2, jumpSize],
    [25, DATA + 0x60],
    [27, 16],
    [26, DATA + 0x70],
    [28, 8],
  ] as const;
  for (const [index, [tag, value]] of dynamic.entries()) {
    elf.writeBigUInt64LE(BigInt(tag), 0x900 + index * 16);
    elf.writeBigUInt64LE(BigInt(value), 0x900 + index * 16 + 8);
  }
  return elf;
}

const CORE = 0x40000000;
const TLS_BYTES = 0x30;

/** Code at 0x40000000 with the room for the TLS image at its end, and data. */
function core(machine = X86_64): Buffer {
  const elf = file(machine.machine, CORE + 8, [
    [PT_LOAD, 5, 0x200, CORE, 0x200],
    [PT_LOAD, 6, 0x400, CORE + 0x10000, 0x10],
    [PT_TLS, 4, 0x400, CORE + 0x10000, 0, TLS_BYTES],
  ]);
  elf.fill(0xcc, 0x200, 0x400);
  elf.fill(0x5d, 0x400, 0x410);
  const symbols: TestSymbol[] = [
    { name: "bunc_abi", value: CORE + 0x10 },
    { name: "bunc_call", value: CORE + 0x20 },
    { name: "bunc_rehearse", value: CORE + 0x30 },
    { name: "read", value: CORE + 0x30 },
    { name: "write", value: CORE + 0x40 },
    { name: "memcmp", value: CORE + 0x50 },
    { name: "callable", value: machine.tlsBelow ? 8 : 0x28 },
    { name: "stdout", value: CORE + 0x10008, size: 8 },
    { name: "tls_image", value: CORE + 0xe0 },
    { name: "bun_start", value: BUN + 0x100 },
    { name: "__init_array_start", value: DATA + 0x60 },
    { name: "__init_array_end", value: DATA + 0x70 },
    { name: "__fini_array_start", value: DATA + 0x70 },
    { name: "__fini_array_end", value: DATA + 0x78 },
    ...["environ", "_environ", "__environ", "___environ"].map((name) => ({ name, value: DATA + 0x30 })),
  ];
  const names = writeNames(
    elf,
    0x600,
    symbols.map(({ name }) => name),
  );
  writeSymbols(
    elf,
    0x800,
    names,
    symbols.map((symbol) => ({ ...symbol, defined: true })),
  );
  elf.writeBigUInt64LE(0xe00n, 40);
  elf.writeUInt16LE(2, 60);
  for (const [index, [type, offset, size, link]] of [
    [2, 0x800, symbols.length * 24, 1],
    [3, 0x600, 0x200, 0],
  ].entries() as Iterable<[number, [number, number, number, number]]>) {
    elf.writeUInt32LE(type, 0xe00 + index * 64 + 4);
    elf.writeBigUInt64LE(BigInt(offset), 0xe00 + index * 64 + 24);
    elf.writeBigUInt64LE(BigInt(size), 0xe00 + index * 64 + 32);
    elf.writeUInt32LE(link, 0xe00 + index * 64 + 40);
  }
  return elf;
}

function written(name: string, bytes: Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

function link(host: Buffer, code: Buffer): Buffer {
  const target = join(directory, "linked");
  rmSync(target, { force: true });
  linkExecutable(written("program", host), written("core", code), target);
  return readFileSync(target);
}

const word = (elf: Buffer, offset: number) => Number(elf.readBigInt64LE(offset));

/** Type, flags, offset, address, size in the file and in memory. */
function headers(elf: Buffer): number[][] {
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const at = 64 + index * 56;
    const words = [0, 1, 3, 4].map((place) => word(elf, at + 8 + place * 8));
    return [elf.readUInt32LE(at), elf.readUInt32LE(at + 4), ...words];
  });
}

describe.each([
  ["x86_64", X86_64],
  ["aarch64", AARCH64],
])("%s", (_, machine) => {
  const linked = link(program(machine), core(machine));
  const { mode } = statSync(join(directory, "linked"));

  test("no loader is requested; the core's segments are added, and one block of thread-local variables", () => {
    const before = machine.tlsBelow ? 0x10 : 0;
    expect(headers(linked)).toEqual([
      [PT_LOAD, 5, 0, BUN, 0x800, 0x800],
      [PT_LOAD, 6, 0x800, DATA, 0x800, 0x800],
      [0x6474e551, 6, 0, 0, 0, 0],
      [PT_LOAD, 5, 0x10200, CORE, 0x200, 0x200],
      [PT_LOAD, 6, 0x10400, CORE + 0x10000, 0x10, 0x10],
      [PT_TLS, 4, 0x102e0, CORE + 0xe0, before + 8, TLS_BYTES],
    ]);
    expect(mode & 0o777).toBe(0o755);
  });

  test("the block begins with zeros for the core, and the program's values have their place", () => {
    const before = machine.tlsBelow ? 0x10 : 0;
    expect(linked.subarray(0x102e0, 0x102e0 + before).equals(Buffer.alloc(before))).toBe(true);
    expect(linked.subarray(0x102e0 + before, 0x102e8 + before).equals(Buffer.alloc(8, 0x77))).toBe(true);
  });

  test("it begins in the core", () => expect(word(linked, 24)).toBe(CORE + 8));

  test.each([
    ["a function of the core", 0x00, CORE + 0x30],
    ["with an addend", 0x08, CORE + 0x44],
    ["a function whose address the program takes", 0x10, BUN + 0x123],
    ["the same, called", 0x18, CORE + 0x50],
    ["weak and nowhere", 0x20, 0],
    ["thread-local", 0x28, machine.tlsBelow ? 8 - TLS_BYTES : 0x28 + 16],
    ["a variable that both share: untouched", 0x30, -0x1111_1111_1111_1112n],
    ["its address", 0x38, DATA + 0x30],
    ["a constant variable: copied", 0x40, 0x5d5d5d5d5d5d5d5dn],
  ])("relocation, %s", (_case, place, value) => {
    expect(linked.readBigInt64LE(0x800 + place)).toBe(BigInt(value));
  });

  test("the linker script pulls in what Bun imports, and has Bun's addresses", () => {
    const script = linkerScript(new Elf(written("bun", program(machine))));
    expect(script).toContain("EXTERN(callable memcmp read stdout write bunc_rehearse)");
    expect(script).toContain(`bun_start = 0x${(BUN + 0x100).toString(16)};`);
    expect(script).toContain(`__environ = 0x${(DATA + 0x30).toString(16)};`);
    const [own, reserved] = ["*(.tbss .tbss.*)", ". += 0x20;"].map((text) => script.indexOf(text)) as [
      number,
      number,
    ];
    expect(own >= 0 && reserved >= 0 && own < reserved === machine.tlsBelow).toBe(true);
  });

  test("a second time is refused", () =>
    expect(() => link(linked, core(machine))).toThrow("where the core is linked"));
});

test("the exports are the addresses of the symbols", () => {
  expect(coreExports(written("exports", core()))).toEqual({
    abi: CORE + 0x10,
    call: CORE + 0x20,
    rehearse: CORE + 0x30,
  });
});

const byte = (offset: number, value: number) => (elf: Buffer) => elf.writeUInt8(value, offset);

test.each<[string, (elf: Buffer) => unknown, string]>([
  ["no ELF", byte(0, 0), "not a 64-bit little-endian ELF file"],
  ["32-bit", byte(4, 1), "not a 64-bit little-endian ELF file"],
  ["an unknown machine", byte(18, 8), "unknown machine 8"],
  ["the other machine", byte(18, 183), "is for x86_64, Bun for aarch64"],
  ["larger program headers", byte(54, 64), "e_phentsize"],
  ["no dynamic segment", byte(64 + 5 * 56, 0), "not one program header of type 2"],
  ["two TLS segments", byte(64, PT_TLS), "not one program header of type 7"],
  ["another entry point", byte(24, 0x10), "linked for another Bun: bun_start"],
  ["other constructors", byte(0x900 + 6 * 16 + 8, 0x50), "linked for another Bun: __init_array_start"],
  ["a segment behind the file", byte(64 + 3 * 56 + 33, 0xff), "ends behind the file"],
  ["reaching to the core", byte(64 + 3 * 56 + 19, 0x50), "where the core is linked"],
  ["an unknown relocation", byte(0x508, 8), "relocation of type 8"],
  ["a relocation that leads out", byte(0x501, 0x10), "has no 8 bytes at address"],
  ["a symbol that nothing defines", byte(0x201, 0x58), "does not define Xead"],
  ["a copy that nobody knows", byte(0x200 + 42, 0x58), "copies the unknown variable enviroX"],
  ["a TLS segment at an odd address", byte(64 + 4 * 56 + 16, 0x88), "at an odd address"],
])("a program with %s is refused", (_, damage, message) => {
  const elf = program();
  damage(elf);
  expect(() => link(elf, core())).toThrow(message);
  expect(() => statSync(join(directory, "linked"))).toThrow();
});

test.each<[string, (elf: Buffer) => unknown, string]>([
  ["with writable code", byte(68, 7), "begin with code"],
  ["with executable data", byte(64 + 56 + 4, 7), "end with data"],
  ["of one segment", byte(64 + 56, 0), "two segments"],
  ["without thread-local variables", byte(64 + 2 * 56, 0), "type 7"],
  ["with thread-local variables that have a value", byte(64 + 2 * 56 + 32, 8), "with a value"],
  ["with too many thread-local variables", byte(64 + 2 * 56 + 41, 2), "bytes of thread-local variables"],
  ["that begins in its data", byte(26, 1), "begins outside of its code"],
  ["without symbols", byte(0xe04, 0), "has no symbols"],
  ["position independent", byte(16, 3), "fixed address"],
])("a core %s is refused", (_, damage, message) => {
  const code = core();
  damage(code);
  expect(() => link(program(), code)).toThrow(message);
});
