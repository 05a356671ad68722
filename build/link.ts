/**
 * Makes one static executable from the output of `bun build --compile`, which needs a dynamic loader and shared libraries,
 * and the core, which is linked with everything that Bun needs from them (build.zig, build/linker-script.ts). It does once
 * what the loader would do at every start: it applies the relocations, and merges the thread-local variables of both into
 * one block. Format: elf(5).
 *
 * Anything unexpected fails the build: a new version of Bun may have another layout, and a wrong executable must not be
 * released. Why static: docs/decisions/0005-static-executable.md.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import {
  Elf,
  type ElfSymbol,
  ENTRY_AT,
  encodeProgramHeaders,
  FIXED_ADDRESS,
  PROGRAM_HEADER_BYTES,
  PROGRAM_HEADER_COUNT_AT,
  PROGRAM_HEADERS_OFFSET_AT,
  type Relocation,
  roundUp,
  type Segment,
  SegmentFlag,
  SegmentType,
} from "./elf.ts";
import {
  bunPlaces,
  bunTlsBytes,
  constantVariables,
  OWN_TLS_BYTES_MAX,
  ownFunctions,
  TLS_ALIGN,
} from "./linker-script.ts";

/** Bytes between the thread pointer and the block, if the block is above it. */
const TLS_ABOVE_BYTES = 16;

/** The largest page size of both architectures. */
const PAGE_BYTES = 0x10000;

const PIECE_BYTES = 64 * 1024;

/** e_shoff */
const SECTION_TABLE_AT = 40;

type Symbols = ReadonlyMap<string, ElfSymbol>;

/** Addresses in the core that the program calls (src/native/library.ts). */
export function coreExports(coreFile: string): { abi: number; call: number; rehearse: number } {
  const core = new Elf(coreFile);
  const symbols = core.symbols();
  const [abi, call, rehearse] = (["bunc_abi", "bunc_call", "bunc_rehearse"] as const).map(
    (name) => symbolOf(core, symbols, name).value,
  ) as [number, number, number];
  return { abi, call, rehearse };
}

/** Writes `target`, an executable file, from the compiled program and the core. */
export function linkExecutable(programFile: string, coreFile: string, target: string): void {
  const program = new Elf(programFile);
  const core = new Elf(coreFile);
  const symbols = core.symbols();
  expectTogether(program, core, symbols);
  relocate(program, core, symbols);
  const tls = joinTls(program, core, symbols);

  const base = roundUp(program.bytes.length, PAGE_BYTES);
  const added = [...core.loads, tls].map((segment) => ({ ...segment, offset: base + segment.offset }));
  const coreBytes = core.bytes.subarray(
    0,
    core.loads.reduce((end, { offset, fileSize }) => Math.max(end, offset + fileSize), 0),
  );
  // The core's ELF header is copied too. Its sections are not: the length of their texts depends on the checkout's path.
  coreBytes.writeBigUInt64LE(0n, SECTION_TABLE_AT);
  writeHeaders(program, core.entry, [...program.segments.filter(isKept), ...added]);
  const gap = Buffer.alloc(base - program.bytes.length);
  writeInPieces(target, Buffer.concat([program.bytes, gap, coreBytes]));
}

/**
 * The sizes of the writes decide in which folios the page cache holds the file, and so the cost of each start: with these
 * it is the same as after cp(1) or install(1), half a millisecond less than after one large write.
 */
export function writeInPieces(target: string, bytes: Buffer, pieceBytes = PIECE_BYTES): void {
  const file = openSync(target, "w", 0o755);
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      writeSync(file, bytes, at, Math.min(pieceBytes, bytes.length - at), at);
    }
  } finally {
    closeSync(file);
  }
}

/** Checks that the core was linked for this build of Bun, and has two segments: code and data. */
function expectTogether(program: Elf, core: Elf, symbols: Symbols): void {
  core.expect(
    core.machine === program.machine,
    `is for ${core.machine.name}, Bun for ${program.machine.name}`,
  );
  core.expect(core.type === FIXED_ADDRESS, "is not linked at a fixed address");
  const [code, data, ...others] = core.loads;
  core.expect(code !== undefined && data !== undefined && others.length === 0, "is not two segments");
  core.expect(code.flags === (SegmentFlag.read | SegmentFlag.execute), "does not begin with code");
  core.expect(data.flags === (SegmentFlag.read | SegmentFlag.write), "does not end with data");
  core.expect(
    core.entry >= code.address && core.entry < code.address + code.fileSize,
    "begins outside of its code",
  );
  const end = program.loads.reduce((end, { address, memorySize }) => Math.max(end, address + memorySize), 0);
  program.expect(end <= code.address, "reaches to where the core is linked");
  for (const [name, address] of bunPlaces(program)) {
    core.expect(symbols.get(name)?.value === address, `was linked for another Bun: ${name}`);
  }
}

/** Applies the program's relocations to its bytes. */
function relocate(program: Elf, core: Elf, symbols: Symbols): void {
  for (const relocation of program.relocations()) {
    const { kind, address, symbol } = relocation;
    if (kind !== "copy") {
      const value = BigInt.asUintN(64, valueFor(relocation, core, symbols));
      program.bytes.writeBigUInt64LE(value, program.offsetOf(address, 8));
    } else if (constantVariables.includes(symbol.name)) {
      const source = core.offsetOf(symbolOf(core, symbols, symbol.name).value, symbol.size);
      core.bytes.copy(program.bytes, program.offsetOf(address, symbol.size), source, source + symbol.size);
    }
  }
}

function valueFor({ kind, symbol, addend }: Relocation, core: Elf, symbols: Symbols): bigint {
  if (kind === "threadOffset") {
    const { value } = symbolOf(core, symbols, symbol.name);
    const { memorySize } = core.only(SegmentType.tls);
    return BigInt(core.machine.tlsBelowThreadPointer ? value - memorySize : value + TLS_ABOVE_BYTES) + addend;
  }
  // An undefined function with a value is one whose address the program takes: the value is the function's one address, so
  // that pointers to it compare equal.
  const isPrograms = symbol.isDefined || (symbol.value !== 0 && kind !== "jump");
  if (isPrograms) return BigInt(symbol.value) + addend;
  if (symbol.isWeak && !symbols.has(symbol.name)) return 0n;
  return BigInt(symbolOf(core, symbols, ownFunctions.get(symbol.name) ?? symbol.name).value) + addend;
}

/**
 * Makes one block for the thread-local variables of both, with the program's at their own distances. Its initial content
 * is written into the core's bytes, where the linker script left room. → the segment, with its offset in the core's file.
 */
function joinTls(program: Elf, core: Elf, symbols: Symbols): Segment {
  const programTls = program.only(SegmentType.tls);
  const coreTls = core.only(SegmentType.tls);
  const ownBytes = coreTls.memorySize - bunTlsBytes(program);
  core.expect(coreTls.fileSize === 0, "has thread-local variables with a value");
  core.expect(
    ownBytes >= 0 && ownBytes <= OWN_TLS_BYTES_MAX && coreTls.memorySize % TLS_ALIGN === 0,
    `has ${ownBytes} bytes of thread-local variables`,
  );
  const before = core.machine.tlsBelowThreadPointer ? ownBytes : 0;
  const fileSize = before + programTls.fileSize;
  const address = symbolOf(core, symbols, "tls_image").value;
  core.expect(address % TLS_ALIGN === 0, "has an unaligned TLS image");
  const offset = core.offsetOf(address, fileSize);
  // The linker fills gaps in code with traps.
  core.bytes.fill(0, offset, offset + before);
  program.bytes.copy(core.bytes, offset + before, programTls.offset, programTls.offset + programTls.fileSize);
  return { ...coreTls, align: TLS_ALIGN, offset, address, fileSize };
}

/** Drops the headers that request a loader, and the table's own header, which only files without a fixed address need. */
function isKept({ type }: Segment): boolean {
  const { interpreter, dynamic, tableItself, tls } = SegmentType;
  return ![interpreter, dynamic, tableItself, tls].some((other) => other === type);
}

function writeHeaders(program: Elf, entry: number, segments: Segment[]): void {
  const places = program.segments.length;
  program.expect(segments.length <= places, `${segments.length} program headers for ${places} places`);
  const { bytes } = program;
  const table = Number(bytes.readBigUInt64LE(PROGRAM_HEADERS_OFFSET_AT));
  bytes.fill(0, table, table + places * PROGRAM_HEADER_BYTES);
  encodeProgramHeaders(segments).copy(bytes, table);
  bytes.writeUInt16LE(segments.length, PROGRAM_HEADER_COUNT_AT);
  bytes.writeBigUInt64LE(BigInt(entry), ENTRY_AT);
}

function symbolOf(core: Elf, symbols: Symbols, name: string): ElfSymbol {
  const symbol = symbols.get(name);
  core.expect(symbol !== undefined, `does not define ${name}`);
  return symbol;
}
