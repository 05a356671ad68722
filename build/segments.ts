/**
 * Leaves the large segments of the finished executable to the entry stub (zig/entry/segments.zig): the program headers that
 * execve(2) reads show one page of each, because everything that execve(2) maps counts against RLIMIT_AS and RLIMIT_DATA, and
 * if a limit is too low, no code of the program runs that could say so (docs/decisions/0002-entry-stub.md). Format: elf(5).
 */
import { closeSync, openSync, writeSync } from "node:fs";
import {
  Elf,
  encodeProgramHeaders,
  PROGRAM_HEADER_BYTES,
  PROGRAM_HEADER_COUNT_AT,
  PROGRAM_HEADERS_OFFSET_AT,
  roundUp,
  type Segment,
  SegmentFlag,
  SegmentType,
} from "./elf.ts";

/** The stub's table: the number of headers, the headers, and for each the size that the kernel maps of its segment. */
const TABLE_HEADERS_MAX = 12;
const TABLE_HEADERS_AT = 8;
const TABLE_MAPPED_AT = TABLE_HEADERS_AT + TABLE_HEADERS_MAX * PROGRAM_HEADER_BYTES;
const TABLE_BYTES = TABLE_MAPPED_AT + TABLE_HEADERS_MAX * 8;

/** Changes `file` in place, because how a file is written decides the cost of each start (build/link.ts). `core`: the core in it. */
export function leaveToStub(file: string, core: string): void {
  const linked: Elf = new Elf(core);
  const table = linked.symbols().get("bunc_segments");
  linked.expect(table !== undefined, "does not define bunc_segments");
  const changes = changesOf(new Elf(file), table.value);
  const descriptor = openSync(file, "r+");
  try {
    for (const [offset, bytes] of changes) writeSync(descriptor, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(descriptor);
  }
}

/** → the bytes to write into the file, with their offsets. `table`: the address of the stub's table. */
export function changesOf(program: Elf, table: number): [offset: number, bytes: Buffer][] {
  const { segments, entry } = program;
  const mapped = segments.map((segment) => (isLeft(segment, entry) ? firstBytes(segment) : 0));
  const seen = withEnd(
    segments.map((segment, index) => {
      const bytes = mapped[index] as number;
      return bytes === 0 ? segment : { ...segment, fileSize: bytes, memorySize: bytes };
    }),
    segments,
  );
  program.expect(seen.length <= segments.length, "has no room for another program header");
  const headers = Buffer.alloc(segments.length * PROGRAM_HEADER_BYTES);
  encodeProgramHeaders(seen).copy(headers);
  const count = Buffer.alloc(2);
  count.writeUInt16LE(seen.length);
  return [
    [program.offsetOf(table, TABLE_BYTES), encodeTable(program, mapped)],
    [Number(program.bytes.readBigUInt64LE(PROGRAM_HEADERS_OFFSET_AT)), headers],
    [PROGRAM_HEADER_COUNT_AT, count],
  ];
}

/** Neither the stub's own segments, nor one that ends with zeros beyond its part of the file. */
function isLeft(segment: Segment, entry: number): boolean {
  const { type, address, fileSize, memorySize } = segment;
  const isStub = entry >= address && entry < address + memorySize;
  return type === SegmentType.load && !isStub && fileSize === memorySize && fileSize > firstBytes(segment);
}

/** The part of a segment in its first page, with the machine's largest page size. */
function firstBytes({ address, align }: Segment): number {
  return roundUp(address + 1, align) - address;
}

/**
 * The kernel starts the brk(2) heap behind the last segment that it sees. If that segment's end is not its real end, an empty
 * segment marks the real one. Its header replaces the header about unwinding, which only the program itself looks for, and
 * finds in the stub's table.
 */
function withEnd(seen: Segment[], whole: readonly Segment[]): Segment[] {
  const last = whole.findLastIndex(({ type }) => type === SegmentType.load);
  const segment = whole[last];
  if (segment === undefined || seen[last] === segment) return seen;
  const { address, memorySize, align } = segment;
  const end = roundUp(address + memorySize, align);
  return [
    ...seen.filter(({ type }) => type !== SegmentType.unwinding),
    { ...segment, flags: SegmentFlag.read, offset: 0, address: end, fileSize: 0, memorySize: 0 },
  ];
}

function encodeTable(program: Elf, mapped: readonly number[]): Buffer {
  const { segments } = program;
  program.expect(
    segments.length <= TABLE_HEADERS_MAX,
    `${segments.length} program headers for ${TABLE_HEADERS_MAX} places of the stub's table`,
  );
  const table = Buffer.alloc(TABLE_BYTES);
  table.writeBigUInt64LE(BigInt(segments.length));
  encodeProgramHeaders(segments).copy(table, TABLE_HEADERS_AT);
  for (const [index, bytes] of mapped.entries())
    table.writeBigUInt64LE(BigInt(bytes), TABLE_MAPPED_AT + index * 8);
  return table;
}
