/**
 * The post-link step of the build: puts the entry stub (zig/entry.zig) into a compiled executable, as a segment of
 * its own, and makes it the entry point. Format: elf(5). Anything that is not as expected fails the build: a new
 * version of Bun may be laid out in another way, and a wrong executable must not get out.
 *
 * Bun finds its own payload by the address of its section, so that bytes at the end of the file do no harm.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const PF_X = 1;
const PF_R = 4;
const ET_EXEC = 2;
const ET_DYN = 3;
const SHT_RELA = 4;
const SHT_DYNSYM = 11;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 24;

/** Machines for which there is a stub: e_machine to their relocation that copies a library's variable. */
const COPY_RELOCATIONS: ReadonlyMap<number, number> = new Map([
  [62, 5], // EM_X86_64, R_X86_64_COPY
  [183, 1024], // EM_AARCH64, R_AARCH64_COPY
]);

interface Segment {
  /** Of the header in the file. */
  headerOffset: number;
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileSize: number;
  memorySize: number;
  align: number;
}

interface Section {
  type: number;
  offset: number;
  size: number;
  link: number;
  entrySize: number;
}

interface Links {
  /** Distances in bytes from the stub: Links in zig/entry.zig. */
  entry: bigint;
  environ: bigint;
}

/** Changes the file at `executable`. Throws, leaving it as it is, where its layout is not the one known. */
export function addEntryStub(executable: string, stubFile: string): void {
  const host: Elf = new Elf(executable, readFileSync(executable));
  const stub: Elf = new Elf(stubFile, readFileSync(stubFile));
  host.expect(stub.machine === host.machine, `e_machine ${host.machine}, the stub's is ${stub.machine}`);

  const code = stubCode(stub);
  const note = spareSegment(host);
  const loads = host.segments.filter(({ type }) => type === PT_LOAD);
  const align = Math.max(...loads.map((load) => load.align));
  const offset = roundUp(host.bytes.length, align);
  const address = roundUp(Math.max(...loads.map((load) => load.address + load.memorySize)), align);
  const entry = host.entry;
  host.expect(
    loads.some(
      ({ flags, address: start, fileSize }) =>
        (flags & PF_X) !== 0 && entry >= start && entry < start + fileSize,
    ),
    `entry point ${entry} in no executable segment`,
  );

  writeLinks(code, {
    entry: BigInt(entry - address),
    environ: BigInt(environAddress(host) - address),
  });
  const header = programHeader({
    type: PT_LOAD,
    flags: PF_R | PF_X,
    offset,
    address,
    fileSize: code.length,
    align,
  });
  const file = openSync(executable, "r+");
  try {
    writeSync(file, code, 0, code.length, offset);
    writeSync(file, header, 0, header.length, note.headerOffset);
    writeSync(file, wordBytes(address + stub.entry), 0, 8, ENTRY_OFFSET);
  } finally {
    closeSync(file);
  }
}

/** The stub's one segment; a copy, to be filled in. */
function stubCode(stub: Elf): Buffer {
  const [only, ...others] = stub.segments;
  stub.expect(
    others.length === 0 && only !== undefined && only.type === PT_LOAD,
    "is not one PT_LOAD segment",
  );
  const { flags, address, offset, fileSize, memorySize } = only;
  stub.expect(flags === (PF_R | PF_X), `segment flags ${flags}`);
  stub.expect(
    address === 0 && fileSize === memorySize,
    "does not begin at address 0, or has data without content",
  );
  stub.expect(stub.entry > 0 && stub.entry < fileSize, `entry point ${stub.entry}`);
  const code = Buffer.from(stub.bytes.subarray(offset, offset + fileSize));
  stub.expect(code.toString("latin1", 0, 8) === "bunclink", "does not begin with its links");
  return code;
}

function writeLinks(code: Buffer, { entry, environ }: Links): void {
  code.writeBigInt64LE(entry, 8);
  code.writeBigInt64LE(environ, 16);
}

/**
 * A program header that may become ours: a note, which only debuggers and profilers read. It has to come after
 * the segments that are loaded, because these must be in the order of their addresses.
 */
function spareSegment(host: Elf): Segment {
  const last = host.segments.findLastIndex(({ type }) => type === PT_LOAD);
  const note = host.segments.findLast(({ type }, index) => type === PT_NOTE && index > last);
  host.expect(note !== undefined, "no PT_NOTE after the last PT_LOAD");
  host.expect(host.segments.filter(({ type }) => type === PT_DYNAMIC).length === 1, "not dynamically linked");
  return note;
}

/** libc's `environ` lives in the executable, which names it: libc itself uses it there. */
function environAddress(host: Elf): number {
  const symbols = host.sections.filter(({ type }) => type === SHT_DYNSYM);
  const [table] = symbols;
  host.expect(
    symbols.length === 1 && table !== undefined && table.entrySize === SYMBOL_BYTES,
    "no one .dynsym",
  );
  const names = host.section(table.link);
  const addresses = new Map<string, number>();
  for (let at = table.offset; at < table.offset + table.size; at += SYMBOL_BYTES) {
    const name = host.text(names.offset + host.bytes.readUInt32LE(at));
    if (name === "environ" || name === "__environ") addresses.set(name, host.word(at + 8));
  }
  const address = addresses.get("environ");
  host.expect(address !== undefined && address !== 0, "does not define environ");
  host.expect(addresses.get("__environ") === address, "environ and __environ are not the same variable");
  const copied = host.sections.some(
    (section) => section.type === SHT_RELA && copiesTo(host, section, address),
  );
  host.expect(copied, "environ is not a copy of libc's");
  return address;
}

function copiesTo(host: Elf, { offset, size, entrySize }: Section, address: number): boolean {
  host.expect(entrySize === RELOCATION_BYTES, `relocations of ${entrySize} bytes`);
  for (let at = offset; at < offset + size; at += RELOCATION_BYTES) {
    const type = host.bytes.readUInt32LE(at + 8);
    if (host.word(at) === address && type === COPY_RELOCATIONS.get(host.machine)) return true;
  }
  return false;
}

const ENTRY_OFFSET = 24;

class Elf {
  readonly path: string;
  readonly bytes: Buffer;
  readonly machine: number;
  readonly entry: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];

  constructor(path: string, bytes: Buffer) {
    this.path = path;
    this.bytes = bytes;
    const identification = bytes.subarray(0, 7).toString("latin1");
    this.expect(identification === "\x7fELF\x02\x01\x01", "is not a 64-bit little-endian ELF file");
    const type = bytes.readUInt16LE(16);
    this.expect(type === ET_EXEC || type === ET_DYN, `e_type ${type}`);
    this.machine = bytes.readUInt16LE(18);
    this.expect(COPY_RELOCATIONS.has(this.machine), `e_machine ${this.machine}`);
    this.entry = this.word(ENTRY_OFFSET);
    this.expect(bytes.readUInt16LE(54) === PROGRAM_HEADER_BYTES, "e_phentsize");
    this.expect(bytes.readUInt16LE(58) === SECTION_HEADER_BYTES, "e_shentsize");
    const segmentTable = this.word(32);
    this.segments = Array.from({ length: bytes.readUInt16LE(56) }, (_, index) =>
      this.readSegment(segmentTable + index * PROGRAM_HEADER_BYTES),
    );
    const sectionTable = this.word(40);
    this.sections = Array.from({ length: bytes.readUInt16LE(60) }, (_, index) =>
      this.readSection(sectionTable + index * SECTION_HEADER_BYTES),
    );
  }

  expect(condition: boolean, complaint: string): asserts condition {
    if (!condition)
      throw new Error(`${this.path}: ${complaint}; the entry stub cannot be added (build/entry-stub.ts)`);
  }

  /** A 64-bit number of the file, which no file or address here exceeds the safe integers with. */
  word(offset: number): number {
    const value = Number(this.bytes.readBigUInt64LE(offset));
    this.expect(Number.isSafeInteger(value), `the number at ${offset} is too large`);
    return value;
  }

  section(index: number): Section {
    const section = this.sections[index];
    this.expect(section !== undefined, `no section ${index}`);
    return section;
  }

  /** A zero-terminated string. */
  text(offset: number): string {
    return this.bytes.toString("latin1", offset, this.bytes.indexOf(0, offset));
  }

  private readSegment(at: number): Segment {
    const segment = {
      headerOffset: at,
      type: this.bytes.readUInt32LE(at),
      flags: this.bytes.readUInt32LE(at + 4),
      offset: this.word(at + 8),
      address: this.word(at + 16),
      fileSize: this.word(at + 32),
      memorySize: this.word(at + 40),
      align: this.word(at + 48),
    };
    this.expect(segment.offset + segment.fileSize <= this.bytes.length, "a segment ends behind the file");
    return segment;
  }

  private readSection(at: number): Section {
    return {
      type: this.bytes.readUInt32LE(at + 4),
      offset: this.word(at + 24),
      size: this.word(at + 32),
      link: this.bytes.readUInt32LE(at + 40),
      entrySize: this.word(at + 56),
    };
  }
}

function programHeader(segment: Omit<Segment, "headerOffset" | "memorySize">): Buffer {
  const { type, flags, offset, address, fileSize, align } = segment;
  const header = Buffer.alloc(PROGRAM_HEADER_BYTES);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(flags, 4);
  for (const [index, value] of [offset, address, address, fileSize, fileSize, align].entries()) {
    wordBytes(value).copy(header, 8 + index * 8);
  }
  return header;
}

function wordBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
