/** A reader of ELF files, limited to what the build needs: 64-bit, little-endian, x86_64 and aarch64. Format: elf(5). */
import { readFileSync } from "node:fs";

export const SegmentType = {
  load: 1,
  dynamic: 2,
  interpreter: 3,
  tableItself: 6,
  tls: 7,
  unwinding: 0x6474e550, // PT_GNU_EH_FRAME
} as const;
export const SegmentFlag = { execute: 1, write: 2, read: 4 } as const;
export const FIXED_ADDRESS = 2; // ET_EXEC
export const PROGRAM_HEADER_BYTES = 56;
export const PROGRAM_HEADERS_OFFSET_AT = 32;
export const ENTRY_AT = 24;
export const PROGRAM_HEADER_COUNT_AT = 56;

const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 24;
const SHT_SYMTAB = 2;
const UNDEFINED_SECTION = 0;
const WEAK = 2;
const DynamicTag = {
  jumpRelocationsSize: 2,
  strings: 5,
  symbols: 6,
  relocations: 7,
  relocationsSize: 8,
  jumpRelocations: 23,
  initArray: 25,
  finiArray: 26,
  initArraySize: 27,
  finiArraySize: 28,
} as const;

type RelocationKind = "absolute" | "copy" | "data" | "jump" | "threadOffset";

export interface Machine {
  name: string;
  /** The dynamic relocations of a non-PIC executable, by number. */
  relocations: ReadonlyMap<number, RelocationKind>;
  /** Whether the main program's thread-local variables are below the thread pointer, or above it after two words. */
  tlsBelowThreadPointer: boolean;
}

/** By e_machine. Sources: the System V ABI's supplements for both. */
const machines: ReadonlyMap<number, Machine> = new Map([
  [
    62,
    {
      name: "x86_64",
      relocations: new Map<number, RelocationKind>([
        [1, "absolute"],
        [5, "copy"],
        [6, "data"],
        [7, "jump"],
        [18, "threadOffset"],
      ]),
      tlsBelowThreadPointer: true,
    },
  ],
  [
    183,
    {
      name: "aarch64",
      relocations: new Map<number, RelocationKind>([
        [257, "absolute"],
        [1024, "copy"],
        [1025, "data"],
        [1026, "jump"],
        [1030, "threadOffset"],
      ]),
      tlsBelowThreadPointer: false,
    },
  ],
]);

export interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileSize: number;
  memorySize: number;
  align: number;
}

export interface ElfSymbol {
  name: string;
  /** An address, or for a thread-local variable the distance from the beginning of the TLS segment. */
  value: number;
  size: number;
  isWeak: boolean;
  isDefined: boolean;
}

export interface Relocation {
  kind: RelocationKind;
  address: number;
  addend: bigint;
  symbol: ElfSymbol;
}

interface AddressRange {
  start: number;
  end: number;
}

/** Every method throws if the file is not as expected. */
export class Elf {
  readonly path: string;
  readonly bytes: Buffer;
  readonly machine: Machine;
  readonly type: number;
  readonly entry: number;
  readonly segments: readonly Segment[];

  constructor(path: string) {
    this.path = path;
    this.bytes = readFileSync(path);
    this.expect(
      this.bytes.toString("latin1", 0, 7) === "\x7fELF\x02\x01\x01",
      "is not a 64-bit little-endian ELF file",
    );
    this.type = this.bytes.readUInt16LE(16);
    const machine = this.bytes.readUInt16LE(18);
    const known = machines.get(machine);
    this.expect(known !== undefined, `is for the unknown machine ${machine}`);
    this.machine = known;
    this.entry = this.word(ENTRY_AT);
    this.expect(this.bytes.readUInt16LE(54) === PROGRAM_HEADER_BYTES, "e_phentsize");
    const table = this.word(PROGRAM_HEADERS_OFFSET_AT);
    this.segments = Array.from({ length: this.bytes.readUInt16LE(PROGRAM_HEADER_COUNT_AT) }, (_, index) =>
      this.segmentAt(table + index * PROGRAM_HEADER_BYTES),
    );
  }

  expect(condition: boolean, complaint: string): asserts condition {
    if (!condition)
      throw new Error(`${this.path}: ${complaint}; the executable cannot be linked (build/link.ts)`);
  }

  get loads(): Segment[] {
    return this.segments.filter(({ type }) => type === SegmentType.load);
  }

  /** The only segment of a type. */
  only(type: number): Segment {
    const [segment, ...others] = this.segments.filter((candidate) => candidate.type === type);
    this.expect(segment !== undefined && others.length === 0, `not one program header of type ${type}`);
    return segment;
  }

  /** The offset of an address in the file, which must have `size` bytes there. */
  offsetOf(address: number, size: number): number {
    const segment = this.loads.find(
      (load) => address >= load.address && address + size <= load.address + load.fileSize,
    );
    this.expect(segment !== undefined, `has no ${size} bytes at address ${hex(address)}`);
    return address - segment.address + segment.offset;
  }

  /** DT_INIT_ARRAY or DT_FINI_ARRAY. */
  functions(which: "init" | "fini"): AddressRange {
    const start = this.dynamic(DynamicTag[`${which}Array`]);
    return { start, end: start + this.dynamic(DynamicTag[`${which}ArraySize`]) };
  }

  /** The relocations that the dynamic loader would apply. */
  relocations(): Relocation[] {
    const { relocations, relocationsSize, jumpRelocations, jumpRelocationsSize } = DynamicTag;
    return [
      ...this.relocationsAt(this.dynamic(relocations), this.dynamic(relocationsSize)),
      ...this.relocationsAt(this.dynamic(jumpRelocations), this.dynamic(jumpRelocationsSize)),
    ];
  }

  /** The defined symbols of .symtab, by name. */
  symbols(): Map<string, ElfSymbol> {
    const sections = this.word(40);
    this.expect(this.bytes.readUInt16LE(58) === SECTION_HEADER_BYTES, "e_shentsize");
    const found = new Map<string, ElfSymbol>();
    for (let index = 0; index < this.bytes.readUInt16LE(60); index++) {
      const header = sections + index * SECTION_HEADER_BYTES;
      if (this.bytes.readUInt32LE(header + 4) !== SHT_SYMTAB) continue;
      const names = this.word(sections + this.bytes.readUInt32LE(header + 40) * SECTION_HEADER_BYTES + 24);
      const start = this.word(header + 24);
      for (let at = start; at < start + this.word(header + 32); at += SYMBOL_BYTES) {
        const symbol = this.symbolAt(at, names);
        if (symbol.name !== "" && symbol.isDefined) found.set(symbol.name, symbol);
      }
    }
    this.expect(found.size > 0, "has no symbols");
    return found;
  }

  private *relocationsAt(address: number, size: number): Generator<Relocation> {
    const symbols = this.dynamic(DynamicTag.symbols);
    const names = this.offsetOf(this.dynamic(DynamicTag.strings), 1);
    const start = this.offsetOf(address, size);
    for (let at = start; at < start + size; at += RELOCATION_BYTES) {
      const type = this.bytes.readUInt32LE(at + 8);
      const kind = this.machine.relocations.get(type);
      this.expect(kind !== undefined, `has a relocation of type ${type}`);
      const symbol = symbols + this.bytes.readUInt32LE(at + 12) * SYMBOL_BYTES;
      yield {
        kind,
        address: this.word(at),
        addend: this.bytes.readBigInt64LE(at + 16),
        symbol: this.symbolAt(this.offsetOf(symbol, SYMBOL_BYTES), names),
      };
    }
  }

  private dynamic(tag: number): number {
    const { offset, fileSize } = this.only(SegmentType.dynamic);
    for (let at = offset; at < offset + fileSize; at += 16) {
      if (this.word(at) === tag) return this.word(at + 8);
    }
    this.expect(false, `has no dynamic tag ${tag}`);
  }

  private symbolAt(at: number, names: number): ElfSymbol {
    const name = names + this.bytes.readUInt32LE(at);
    return {
      name: this.bytes.toString("latin1", name, this.bytes.indexOf(0, name)),
      value: this.word(at + 8),
      size: this.word(at + 16),
      isWeak: this.bytes.readUInt8(at + 4) >> 4 === WEAK,
      isDefined: this.bytes.readUInt16LE(at + 6) !== UNDEFINED_SECTION,
    };
  }

  private segmentAt(at: number): Segment {
    const segment = {
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

  /** A 64-bit number; no file or address here exceeds the safe integers. */
  private word(offset: number): number {
    const value = Number(this.bytes.readBigUInt64LE(offset));
    this.expect(Number.isSafeInteger(value), `the number at ${offset} is too large`);
    return value;
  }
}

/** Bytes as they are in a file. */
export function encodeProgramHeaders(segments: readonly Segment[]): Buffer {
  const bytes = Buffer.alloc(segments.length * PROGRAM_HEADER_BYTES);
  for (const [index, segment] of segments.entries()) {
    const at = index * PROGRAM_HEADER_BYTES;
    const { type, flags, offset, address, fileSize, memorySize, align } = segment;
    bytes.writeUInt32LE(type, at);
    bytes.writeUInt32LE(flags, at + 4);
    for (const [place, value] of [offset, address, address, fileSize, memorySize, align].entries()) {
      bytes.writeBigUInt64LE(BigInt(value), at + 8 + place * 8);
    }
  }
  return bytes;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
