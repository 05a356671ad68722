/** A stopped process, read through /proc: its memory areas and their contents. Formats: proc_pid_smaps(5), proc_pid_pagemap(5). */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { hex } from "../elf.ts";

export const PAGE_BYTES = 4096;

export interface Area {
  start: number;
  end: number;
  /** PROT_* */
  protection: number;
  /** Whether the area maps the executable. */
  isFile: boolean;
  name: string;
  /** VmFlags: "nh" no huge pages, "dc" not copied on fork. */
  flags: readonly string[];
}

/** Entries of the pagemap per read. */
const CHUNK_PAGES = 1 << 16;

export class StoppedProcess {
  readonly #pid: number;
  readonly #memory: number;
  readonly #pagemap: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#memory = openSync(`/proc/${pid}/mem`, "r");
    this.#pagemap = openSync(`/proc/${pid}/pagemap`, "r");
  }

  close(): void {
    closeSync(this.#memory);
    closeSync(this.#pagemap);
  }

  get threads(): number {
    return readdirSync(`/proc/${this.#pid}/task`).length;
  }

  /** Numbers of the open descriptors, with the targets of their links in /proc. */
  get descriptors(): [fd: number, what: string][] {
    return readdirSync(`/proc/${this.#pid}/fd`).map((fd) => [
      Number(fd),
      readlinkSync(`/proc/${this.#pid}/fd/${fd}`),
    ]);
  }

  get areas(): Area[] {
    const found: Area[] = [];
    for (const line of readFileSync(`/proc/${this.#pid}/smaps`, "latin1").split("\n")) {
      const head = /^([0-9a-f]+)-([0-9a-f]+) (r|-)(w|-)(x|-). \S+ \S+ (\d+) *(.*)$/.exec(line);
      if (head !== null) {
        const [, start = "", end = "", r, w, x, inode, name = ""] = head;
        const protection = (r === "r" ? 1 : 0) | (w === "w" ? 2 : 0) | (x === "x" ? 4 : 0);
        found.push({
          start: Number.parseInt(start, 16),
          end: Number.parseInt(end, 16),
          protection,
          isFile: inode !== "0",
          name,
          flags: [],
        });
      } else if (line.startsWith("VmFlags:")) {
        (found.at(-1) as Area).flags = line.slice("VmFlags:".length).trim().split(" ");
      }
    }
    return found;
  }

  read(address: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    if (readSync(this.#memory, bytes, 0, size, address) !== size) {
      throw new Error(`cannot read ${size} bytes of memory at ${hex(address)}`);
    }
    return bytes;
  }

  /** Indices, from the area's start, of the private pages that are not all zero. */
  ownPages(area: Area): number[] {
    const { start } = area;
    return [...this.#pages(area)]
      .filter(({ isOwn, page }) => isOwn && !isZero(this.read(start + page * PAGE_BYTES, PAGE_BYTES)))
      .map(({ page }) => page);
  }

  /** Page numbers (address / page size) of the pages that are private (`isOwn`), or otherwise shared with a file. */
  presentPages(area: Area, isOwn: boolean): number[] {
    const first = area.start / PAGE_BYTES;
    return [...this.#pages(area)].filter((one) => one.isOwn === isOwn).map(({ page }) => first + page);
  }

  *#pages({ start, end }: Area): Generator<{ page: number; isOwn: boolean }> {
    const entries = Buffer.alloc(CHUNK_PAGES * 8);
    const pages = (end - start) / PAGE_BYTES;
    for (let from = 0; from < pages; from += CHUNK_PAGES) {
      const count = Math.min(CHUNK_PAGES, pages - from);
      const at = (start / PAGE_BYTES + from) * 8;
      if (readSync(this.#pagemap, entries, 0, count * 8, at) !== count * 8)
        throw new Error("cannot read the pagemap");
      for (let index = 0; index < count; index++) {
        const high = entries.readUInt32LE(index * 8 + 4);
        const isPresent = high >>> 31 === 1;
        const isSwapped = ((high >>> 30) & 1) === 1;
        const isFilePage = ((high >>> 29) & 1) === 1;
        if (isPresent || isSwapped) yield { page: from + index, isOwn: !isFilePage };
      }
    }
  }
}

const zeros = Buffer.alloc(PAGE_BYTES);

function isZero(page: Buffer): boolean {
  return page.equals(zeros);
}
