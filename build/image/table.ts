/** The beginning of the image's segment: `Header` of zig/image.zig, and the lists that it points to. */

/** Used instead of a system call number: copies memory. Source address, number of bytes, target address. */
export const COPY = 0xffffffff;

/** A system call: its number, and its arguments. */
export type Call = readonly [number: number, ...args: number[]];

/** The memory that one verb touches (zig/image/populate.zig): ranges by address and size. */
export interface Profile {
  /** At most six letters; "" for all verbs without a profile of their own. */
  verb: string;
  written: readonly Range[];
  read: readonly Range[];
}

export type Range = readonly [address: number, size: number];

export interface Table {
  /** As the stopped program left them (zig/image/cpu.zig). */
  features: Buffer;
  pageSize: number;
  areas: readonly { address: number; size: number; protection: number }[];
  fill: readonly Call[];
  replace: readonly Call[];
  auxiliary: readonly number[];
  guards: readonly number[];
  tids: readonly number[];
  profiles: readonly Profile[];
  stopped: number;
  environ: number;
  /** Of the just-in-time compiler. */
  code: { address: number; size: number };
  watched: boolean;
}

/** Words of the header after the lists. */
const TAIL_WORDS = 6;

const WORD = 8;
const CALL_WORDS = 7;

type Row = readonly number[];

function lists({ areas, fill, replace, auxiliary, guards, tids, profiles }: Table): Row[][] {
  const call = (row: Call): Row => [...row, 0, 0, 0, 0, 0, 0].slice(0, CALL_WORDS);
  return [
    areas.map(({ address, size, protection }) => [address, size, protection]),
    fill.map(call),
    replace.map(call),
    auxiliary.map((address) => [address]),
    guards.map((address) => [address]),
    tids.map((address) => [address]),
    ...profileLists(profiles),
  ];
}

function profileLists(profiles: readonly Profile[]): [profiles: Row[], ranges: Row[]] {
  const ranges: Range[] = [];
  /** → the index of the first one in the list of all, and their number. */
  const add = (more: readonly Range[]) => {
    const first = ranges.length;
    for (const range of more) ranges.push(range);
    return [first, more.length];
  };
  const rows = profiles.map(({ verb, written, read }) => [verbWord(verb), ...add(written), ...add(read)]);
  return [rows, ranges];
}

/** The bytes of the verb, the first one lowest: as many as fit a JavaScript number. */
function verbWord(verb: string): number {
  if (!/^[a-z]{0,6}$/.test(verb)) throw new Error(`the image has no room for the name of "${verb}"`);
  return Buffer.from(verb.padEnd(6, "\0")).readUIntLE(0, 6);
}

/** The size of the header and all lists. */
export function headerBytes(table: Table): number {
  const words = lists(table).flat(2).length;
  return table.features.length + (1 + 2 * lists(table).length + TAIL_WORDS + words) * WORD;
}

/** The bytes for a segment at `address`, padded to `size`. */
export function encodeTable(table: Table, address: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (headerBytes(table) > size) throw new Error("the table of the image is too long");
  table.features.copy(bytes);
  let at = table.features.length;
  const put = (value: number) => {
    bytes.writeBigInt64LE(BigInt(value), at);
    at += WORD;
  };
  put(table.pageSize);
  const all = lists(table);
  let list = address + table.features.length + (1 + 2 * all.length + TAIL_WORDS) * WORD;
  for (const rows of all) {
    put(rows.length);
    put(list);
    list += rows.flat().length * WORD;
  }
  const { stopped, environ, code, watched } = table;
  for (const value of [stopped, environ, code.address, code.size, 0, watched ? 1 : 0]) put(value);
  for (const value of all.flat(2)) put(value);
  return bytes;
}
