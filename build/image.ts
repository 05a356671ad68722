/**
 * Puts the image of the started program into the executable (zig/image.zig, docs/decisions/0007-image.md): the program runs
 * until it stops itself, and the contents of its memory become one more segment, with a table of what a start must do.
 *
 * Anything unexpected throws; the build then leaves the image out, and the executable has only the normal start.
 */

import { readFileSync, rmSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  Elf,
  type ElfSymbol,
  encodeProgramHeaders,
  hex,
  PROGRAM_HEADER_BYTES,
  PROGRAM_HEADER_COUNT_AT,
  PROGRAM_HEADERS_OFFSET_AT,
  roundUp,
  type Segment,
  SegmentFlag,
  SegmentType,
} from "./elf.ts";
import { type Area, PAGE_BYTES, StoppedProcess } from "./image/process.ts";
import { answerForProcessor } from "./image/processor.ts";
import { withStopped, withStoppedProgram } from "./image/record.ts";
import { type Call, COPY, encodeTable, headerBytes, type Profile, type Table } from "./image/table.ts";
import { profilesOf } from "./image/watch.ts";
import { writeInPieces } from "./link.ts";

/** The segment's address: above the core, below everything that a kernel maps. */
export const IMAGE_ADDRESS = 0x50000000;

/** Pages with content that have at most this many empty pages between them are one piece: a page costs less than a system call. */
const GAP_PAGES = 64;

const [PROT_READ, PROT_WRITE, PROT_EXEC] = [1, 2, 4];
const READ_WRITE = PROT_READ | PROT_WRITE;
const [MADV_DONTFORK, MADV_NOHUGEPAGE] = [10, 15];
const MREMAP_MAYMOVE_FIXED = 3;
/** System calls of x86-64, the only architecture with images. */
const number = { mprotect: 10, mremap: 25, madvise: 28 } as const;

export interface Piece {
  address: number;
  bytes: Buffer;
  area: Area;
}

/** The private memory of a stopped program. */
export interface Capture {
  pid: number;
  areas: readonly Area[];
  pieces: readonly Piece[];
  /** The features that a processor must have, and the old value of the stack guard. */
  features: Buffer;
  guard: bigint;
}

/**
 * Writes `target` from the linked executable `program`. `commands`, by verb: the pages that each touches are populated when it
 * starts from the image; each must end with the core's `exit`.
 */
export async function addImage(
  program: string,
  core: string,
  target: string,
  commands: Readonly<Record<string, readonly string[]>> = {},
): Promise<void> {
  const symbols = new Elf(core).symbols();
  // The name is part of the image, so it must be the same in every build.
  const recorder = join(dirname(target), "bunc.recorder");
  const [directory, name] = [dirname(recorder), basename(recorder)];
  try {
    const elf = new Elf(program);
    elf.bytes.writeUInt8(1, elf.offsetOf(addressOf(symbols, "bunc_recording"), 1));
    answerForProcessor(elf);
    writeInPieces(recorder, elf.bytes);
    const record = () => withStoppedProgram(directory, name, (pid) => capture(pid, symbols));
    const image = contentOf(threadIds(await record(), await record()), symbols);
    const encode = (profiles: readonly Profile[], watched: boolean) => {
      const segment = segmentOf(image, profiles, watched);
      return withSegment(new Elf(program), segment, addressOf(symbols, "bunc_image"));
    };
    const profiles = await profilesOf(commands, image.areas, async (known, words, look) => {
      rmSync(recorder);
      // The kernel maps a whole folio when a page of it is read: written like this, each folio is one page.
      writeInPieces(recorder, encode(known, true), PAGE_BYTES);
      return await withStopped(directory, [`./${name}`, ...words], {}, look);
    });
    writeInPieces(target, encode(profiles, false));
  } finally {
    rmSync(recorder, { force: true });
  }
}

function capture(pid: number, symbols: Symbols): Capture {
  const stopped = new StoppedProcess(pid);
  try {
    expectPlain(stopped);
    const areas = stopped.areas;
    expectKnownFlags(areas.filter(isOwn));
    return {
      pid,
      areas,
      pieces: areas.filter(isOwn).flatMap((area) => piecesOf(stopped, area)),
      features: stopped.read(addressOf(symbols, "bunc_stopped") + 16, 24),
      guard: stopped.read(addressOf(symbols, "__stack_chk_guard"), 8).readBigUInt64LE(),
    };
  } finally {
    stopped.close();
  }
}

/**
 * The program is recorded twice. Only the thread id, which libc and Bun store, also in held locks, may differ, because each
 * start has another. → one of the recordings without the thread id, and the addresses of the thread id.
 */
export function threadIds(first: Capture, second: Capture): { capture: Capture; places: number[] } {
  const shape = ({ pieces }: Capture) => pieces.map(({ address, bytes }) => [address, bytes.length]).join();
  if (shape(first) !== shape(second)) throw new Error("the program does not have the same memory twice");
  const places: number[] = [];
  for (const [index, { address, bytes }] of first.pieces.entries()) {
    const others = (second.pieces[index] as Piece).bytes;
    if (bytes.equals(others)) continue;
    for (let at = 0; at < bytes.length; at += 4) {
      const [one, other] = [bytes.readUInt32LE(at), others.readUInt32LE(at)];
      if (one === other) continue;
      if (one !== first.pid || other !== second.pid) {
        throw new Error(
          `the program does not have the same value twice at ${hex(address + at)}: ${hex(one)}, ${hex(other)}`,
        );
      }
      places.push(address + at);
      bytes.writeUInt32LE(0, at);
    }
  }
  if (places.length === 0) throw new Error("the thread's id is not in the image");
  return { capture: first, places };
}

type Symbols = ReadonlyMap<string, ElfSymbol>;

function addressOf(symbols: Symbols, name: string): number {
  const symbol = symbols.get(name);
  if (symbol === undefined) throw new Error(`the core does not define ${name}`);
  return symbol.value;
}

/** The part of an image that does not depend on what precedes it in the segment. */
interface Content {
  table: Omit<Table, "fill" | "replace" | "profiles" | "watched">;
  areas: readonly Area[];
  pieces: readonly Piece[];
}

function contentOf({ capture, places }: { capture: Capture; places: number[] }, symbols: Symbols): Content {
  const { areas, pieces, features, guard } = capture;
  const own = areas.filter(isOwn);
  const auxiliary = auxiliaryVectors(pieces, areas);
  expectNoPointers(pieces, areas);
  expectNeutral(pieces);
  const table = {
    features,
    pageSize: PAGE_BYTES,
    areas: own.filter(isOutside).map(reservation),
    auxiliary,
    guards: wordsEqual(pieces, guard),
    tids: places,
    stopped: addressOf(symbols, "bunc_stopped"),
    environ: addressOf(symbols, "environ"),
    code: codeOf(own),
  };
  return { table, areas: own, pieces };
}

function segmentOf({ table, areas, pieces }: Content, profiles: readonly Profile[], watched: boolean) {
  const whole = { ...table, fill: [] as Call[], replace: [] as Call[], profiles, watched };
  let at = IMAGE_ADDRESS + roundUp(headerBytes(whole) + pieces.length * 3 * 64, PAGE_BYTES);
  const begin = at;
  for (const { address, bytes, area } of pieces) {
    const calls = isOutside(area) ? whole.fill : whole.replace;
    if (isCode(area)) calls.push(...copied(at, bytes.length, address));
    else {
      calls.push([number.mremap, at, bytes.length, bytes.length, MREMAP_MAYMOVE_FIXED, address]);
      if (area.protection !== READ_WRITE)
        calls.push([number.mprotect, address, bytes.length, area.protection]);
    }
    at += bytes.length;
  }
  for (const [index, area] of areas.filter(isOutside).entries()) {
    const { address, size } = table.areas[index] as { address: number; size: number };
    if (area.flags.includes("nh")) whole.fill.push([number.madvise, address, size, MADV_NOHUGEPAGE]);
    if (area.flags.includes("dc")) whole.fill.push([number.madvise, address, size, MADV_DONTFORK]);
  }
  const head = encodeTable(whole, IMAGE_ADDRESS, begin - IMAGE_ADDRESS);
  return Buffer.concat([head, ...pieces.map(({ bytes }) => bytes)]);
}

/** Whether the program itself mapped the area, not the kernel. */
function isOwn({ name }: Area): boolean {
  return !/^\[(vdso|vvar|vvar_vclock|vsyscall|stack)\]$/.test(name);
}

/** Checks that there is one thread, and no descriptor but those that the recorder passed. */
function expectPlain(stopped: StoppedProcess): void {
  if (stopped.threads !== 1) throw new Error(`the program has ${stopped.threads} threads`);
  const others = stopped.descriptors.filter(([fd]) => fd > 2).map(([fd, what]) => `${fd} (${what})`);
  if (others.length > 0) throw new Error(`the program has descriptors open: ${others.join(", ")}`);
}

/**
 * VmFlags that do not concern the contents of the memory, or that a start restores ("nh", "dc"). "wf" is not among them: it
 * marks a random number generator's page, which is empty in a child of fork.
 */
const KNOWN_FLAGS = new Set("rd wr ex mr mw me ac nr sd nh dc".split(" "));

export function expectKnownFlags(areas: readonly Area[]): void {
  for (const { start, flags } of areas) {
    const unknown = flags.find((flag) => !KNOWN_FLAGS.has(flag));
    if (unknown !== undefined) throw new Error(`memory at ${hex(start)} has the flag "${unknown}"`);
  }
}

/** Where the just-in-time compiler writes. All of that range stays reserved: nothing else may be mapped in it. */
function codeOf(areas: readonly Area[]): { address: number; size: number } {
  const [code, ...others] = areas.filter((area) => isOutside(area) && isCode(area));
  if (code === undefined || others.length > 0)
    throw new Error("the program does not have exactly one area for compiled code");
  return { address: code.start, size: code.end - code.start };
}

function isCode({ protection }: Area): boolean {
  return (protection & PROT_EXEC) !== 0;
}

/** Memory that is not part of the program's file: a start maps it for itself. */
function isOutside({ start }: Area): boolean {
  return start > IMAGE_ADDRESS;
}

function piecesOf(stopped: StoppedProcess, area: Area): Piece[] {
  if (area.name === "[heap]") throw new Error("the program uses brk(2)");
  const pages = stopped.ownPages(area);
  const runs: [from: number, to: number][] = [];
  // Segments that were made read-only are entirely read-only.
  const isSealed = area.isFile && area.protection === PROT_READ && pages.length > 0;
  if (isSealed) runs.push([0, (area.end - area.start) / PAGE_BYTES]);
  else {
    for (const page of pages) {
      const last = runs.at(-1);
      if (last !== undefined && page - last[1] < GAP_PAGES) last[1] = page + 1;
      else runs.push([page, page + 1]);
    }
  }
  return runs.map(([from, to]) => {
    const address = area.start + from * PAGE_BYTES;
    return { address, bytes: stopped.read(address, (to - from) * PAGE_BYTES), area };
  });
}

/**
 * Compiled code is a few pages, never writable in a started process. They become anonymous memory: SELinux does not let a
 * confined process execute a modified page of a file (execmod).
 */
function copied(from: number, bytes: number, to: number): Call[] {
  return [
    [number.mprotect, to, bytes, READ_WRITE],
    [COPY, from, bytes, to],
    [number.mprotect, to, bytes, PROT_READ | PROT_EXEC],
  ];
}

/** At its original size: the engine and the allocator assume that the memory that they reserved is mapped. */
function reservation(area: Area): { address: number; size: number; protection: number } {
  return {
    address: area.start,
    size: area.end - area.start,
    protection: isCode(area) ? 0 : area.protection,
  };
}

function* words(pieces: readonly Piece[]): Generator<[address: number, low: number, high: number]> {
  for (const { address, bytes } of pieces) {
    for (let at = 0; at < bytes.length; at += 8)
      yield [address + at, bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
  }
}

function wordsEqual(pieces: readonly Piece[], value: bigint): number[] {
  const [low, high] = [Number(value & 0xffffffffn), Number(value >> 32n)];
  const found: number[] = [];
  for (const [address, lower, upper] of words(pieces))
    if (lower === low && upper === high) found.push(address);
  if (found.length === 0) throw new Error(`the word 0x${value.toString(16)} is not in the image`);
  return found;
}

/** The auxiliary vector's entry with the address of the vDSO, the only one that depends on where the vDSO is. */
const AT_SYSINFO_EHDR = 33;

/** Clears the addresses of the vDSO. → the addresses of the copies of the auxiliary vector: pairs of a type and a value, ended
 * by two zeros, of which AT_SYSINFO_EHDR is the first. */
function auxiliaryVectors(pieces: readonly Piece[], areas: readonly Area[]): number[] {
  const vdso = areas.find(({ name }) => name === "[vdso]")?.start;
  if (vdso === undefined) throw new Error("the kernel gives no vDSO");
  const found: number[] = [];
  for (const { address, bytes } of pieces) {
    for (let at = 0; at + 16 <= bytes.length; at += 8) {
      const isPair = Number(bytes.readBigUInt64LE(at)) === AT_SYSINFO_EHDR;
      if (!isPair || Number(bytes.readBigUInt64LE(at + 8)) !== vdso) continue;
      bytes.writeBigUInt64LE(0n, at + 8);
      found.push(address + at);
    }
  }
  if (found.length === 0) throw new Error("the program has no auxiliary vector");
  return found;
}

/** Checks that no pointer leads to memory that is elsewhere in another process. */
export function expectNoPointers(pieces: readonly Piece[], areas: readonly Area[]): void {
  const foreign = areas.filter(({ name }) => /^\[(vdso|vvar|vvar_vclock|stack)\]$/.test(name));
  for (const [address, low, high] of words(pieces)) {
    const value = high * 2 ** 32 + low;
    const area = foreign.find(({ start, end }) => value >= start && value < end);
    if (area !== undefined) {
      throw new Error(`${hex(address)} points into ${area.name}: ${hex(value)}`);
    }
  }
}

/** Checks that the image contains no text that differs between build machines. */
export function expectNeutral(pieces: readonly Piece[]): void {
  const texts = [
    process.cwd(),
    homedir(),
    hostname(),
    readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
  ];
  for (const text of texts.filter(({ length }) => length > 5)) {
    const piece = pieces.find(
      ({ bytes }) => bytes.includes(text) || bytes.includes(Buffer.from(text, "utf16le")),
    );
    if (piece !== undefined) throw new Error(`"${text}" of this machine is in it`);
  }
}

function withSegment(program: Elf, segment: Buffer, headAddress: number): Buffer {
  const end = program.loads.reduce((end, { address, memorySize }) => Math.max(end, address + memorySize), 0);
  program.expect(end <= IMAGE_ADDRESS, "reaches to where the image is");
  const offset = roundUp(program.bytes.length, PAGE_BYTES);
  const bytes = Buffer.concat([program.bytes, Buffer.alloc(offset - program.bytes.length), segment]);
  const count = program.segments.length;
  const at = Number(bytes.readBigUInt64LE(PROGRAM_HEADERS_OFFSET_AT)) + count * PROGRAM_HEADER_BYTES;
  program.expect(isRoom(program, at), "has no room for another program header");
  const header: Segment = {
    type: SegmentType.load,
    flags: SegmentFlag.read | SegmentFlag.write,
    offset,
    address: IMAGE_ADDRESS,
    fileSize: segment.length,
    memorySize: segment.length,
    align: PAGE_BYTES,
  };
  encodeProgramHeaders([header]).copy(bytes, at);
  bytes.writeUInt16LE(count + 1, PROGRAM_HEADER_COUNT_AT);
  bytes.writeBigUInt64LE(BigInt(IMAGE_ADDRESS), program.offsetOf(headAddress, 8));
  return bytes;
}

/** Linking filled the place of the headers that it removed with zeros. */
function isRoom({ bytes }: Elf, at: number): boolean {
  return bytes.subarray(at, at + PROGRAM_HEADER_BYTES).every((byte) => byte === 0);
}
