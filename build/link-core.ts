/**
 * The post-link step of the build: puts the core (zig/core.zig) into a compiled executable, as two segments of its
 * own, and makes its stub the entry point. Format: elf(5). Anything that is not as expected fails the build: a new
 * version of Bun may be laid out in another way, and a wrong executable must not get out.
 *
 * Bun finds its own payload by the address of its section, so that bytes at the end of the file do no harm.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const PT_PHDR = 6;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;
const ET_EXEC = 2;
const SHT_RELA = 4;
const SHT_DYNSYM = 11;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 24;

/** Machines for which there is a core: e_machine to their relocation that copies a library's variable. */
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

/** Offsets in `Links` of zig/entry.zig, behind its eight bytes of magic. */
const Link = { entry: 8, environ: 16, abi: 24, call: 32 } as const;

/** Changes the file at `executable`. Throws, leaving it as it is, where its layout is not the one known. */
export function addCore(executable: string, coreFile: string): void {
  const host: Elf = new Elf(executable, readFileSync(executable));
  const core: Elf = new Elf(coreFile, readFileSync(coreFile));
  host.expect(core.machine === host.machine, `e_machine ${host.machine}, the core's is ${core.machine}`);
  host.expect(host.type === ET_EXEC, "is not linked at a fixed address, as the core is");

  const added = coreSegments(core);
  const end = Math.max(...host.loads.map((load) => load.address + load.memorySize));
  host.expect(
    added.every(({ segment }) => segment.address >= end),
    `reaches to ${end}, where the core is linked`,
  );
  host.expect(
    host.loads.some(
      ({ flags, address, fileSize }) =>
        (flags & PF_X) !== 0 && host.entry >= address && host.entry < address + fileSize,
    ),
    `entry point ${host.entry} in no executable segment`,
  );
  const [links] = added;
  links.contents.writeBigUInt64LE(BigInt(host.entry), Link.entry);
  links.contents.writeBigUInt64LE(BigInt(environAddress(host)), Link.environ);

  let offset = host.bytes.length;
  const headers = remainingHeaders(host);
  const file = openSync(executable, "r+");
  try {
    for (const { segment, contents } of added) {
      offset = roundUp(offset, segment.align);
      writeSync(file, contents, 0, contents.length, offset);
      headers.push(programHeader({ ...segment, offset }));
      offset += contents.length;
    }
    const table = Buffer.concat(headers);
    host.expect(
      headers.length === host.segments.length,
      `${headers.length} program headers for ${host.segments.length} places`,
    );
    writeSync(file, table, 0, table.length, host.segmentTable);
    writeSync(file, wordBytes(core.entry), 0, 8, ENTRY_OFFSET);
  } finally {
    closeSync(file);
  }
}

interface CoreSegment {
  segment: Segment;
  contents: Buffer;
}

/** Addresses that the build makes known to the program (src/native/library.ts). */
export function coreExports(coreFile: string): { abi: number; call: number } {
  const [{ contents }] = coreSegments(new Elf(coreFile, readFileSync(coreFile)));
  const read = (offset: number) => Number(contents.readBigUInt64LE(offset));
  return { abi: read(Link.abi), call: read(Link.call) };
}

/** Code with the links first, then data; copies, to be filled in. */
function coreSegments(core: Elf): [CoreSegment, CoreSegment] {
  const [code, data, ...others] = core.segments;
  core.expect(code !== undefined && data !== undefined && others.length === 0, "is not two segments");
  core.expect(code.type === PT_LOAD && code.flags === (PF_R | PF_X), "does not begin with code");
  core.expect(data.type === PT_LOAD && data.flags === (PF_R | PF_W), "does not end with data");
  const read = ({ offset, fileSize }: Segment) => Buffer.from(core.bytes.subarray(offset, offset + fileSize));
  const contents = read(code);
  core.expect(contents.toString("latin1", 0, 8) === "bunclink", "does not begin with its links");
  return [
    { segment: code, contents },
    { segment: data, contents: read(data) },
  ];
}

/**
 * All headers but two that nobody needs: the note, which debuggers read, and the one about the table itself, which
 * the loader uses for executables without a fixed address.
 */
function remainingHeaders(host: Elf): Buffer[] {
  const spare = [PT_NOTE, PT_PHDR];
  for (const type of [...spare, PT_DYNAMIC]) {
    host.expect(
      host.segments.filter((segment) => segment.type === type).length === 1,
      `not one header of type ${type}`,
    );
  }
  return host.segments
    .filter(({ type }) => !spare.includes(type))
    .map(({ headerOffset }) =>
      Buffer.from(host.bytes.subarray(headerOffset, headerOffset + PROGRAM_HEADER_BYTES)),
    );
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
  readonly type: number;
  readonly segmentTable: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];

  constructor(path: string, bytes: Buffer) {
    this.path = path;
    this.bytes = bytes;
    const identification = bytes.subarray(0, 7).toString("latin1");
    this.expect(identification === "\x7fELF\x02\x01\x01", "is not a 64-bit little-endian ELF file");
    this.type = bytes.readUInt16LE(16);
    this.machine = bytes.readUInt16LE(18);
    this.expect(COPY_RELOCATIONS.has(this.machine), `e_machine ${this.machine}`);
    this.entry = this.word(ENTRY_OFFSET);
    this.expect(bytes.readUInt16LE(54) === PROGRAM_HEADER_BYTES, "e_phentsize");
    this.expect(bytes.readUInt16LE(58) === SECTION_HEADER_BYTES, "e_shentsize");
    this.segmentTable = this.word(32);
    this.segments = Array.from({ length: bytes.readUInt16LE(56) }, (_, index) =>
      this.readSegment(this.segmentTable + index * PROGRAM_HEADER_BYTES),
    );
    const sectionTable = this.word(40);
    this.sections = Array.from({ length: bytes.readUInt16LE(60) }, (_, index) =>
      this.readSection(sectionTable + index * SECTION_HEADER_BYTES),
    );
  }

  expect(condition: boolean, complaint: string): asserts condition {
    if (!condition)
      throw new Error(`${this.path}: ${complaint}; the core cannot be linked (build/link-core.ts)`);
  }

  get loads(): Segment[] {
    return this.segments.filter(({ type }) => type === PT_LOAD);
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

function programHeader({
  type,
  flags,
  offset,
  address,
  fileSize,
  memorySize,
  align,
}: Omit<Segment, "headerOffset">): Buffer {
  const header = Buffer.alloc(PROGRAM_HEADER_BYTES);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(flags, 4);
  for (const [index, value] of [offset, address, address, fileSize, memorySize, align].entries()) {
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
