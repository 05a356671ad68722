/** The image in the executable under test (docs/decisions/0007-image.md), and copies of the executable in which it does not fit. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { Elf, type Segment } from "../../build/elf.ts";
import { IMAGE_ADDRESS } from "../../build/image.ts";
import { noImage } from "./no-image.ts";
import type { Requirement } from "./requirements.ts";
import { bareEnvironment, isBunc, runtime } from "./runtime.ts";
import type { Sandbox } from "./sandbox.ts";

function segment(): Segment | undefined {
  return new Elf(runtime.path).loads.find(({ address }) => address === IMAGE_ADDRESS);
}

/** Requires an executable with an image (the default, except with --no-image or where the build cannot make one) that is in use. */
export const image: Requirement = () => {
  if (!isBunc) return `${runtime.name} has no image`;
  if (bareEnvironment["BUNC_START"] !== undefined) return "the tests are run with BUNC_START";
  return segment() === undefined ? noImage : null;
};

/** Lists of the header, by their position in it (zig/image.zig). */
const lists = { areas: 0, fill: 1, replace: 2, guards: 4 } as const;
const LISTS_AT = 32;

/** The header of the image in a file, for a test to change. */
export class ImageHeader {
  readonly bytes: Buffer;
  readonly #offset: number;

  constructor(file: string) {
    this.bytes = readFileSync(file);
    this.#offset = (segment() as Segment).offset;
  }

  /** Makes the image require more features than any processor has. */
  wantEveryFeature(): void {
    this.bytes.fill(0xff, this.#offset, this.#offset + 24);
  }

  wantPageSize(bytes: number): void {
    this.bytes.writeBigUInt64LE(BigInt(bytes), this.#offset + 24);
  }

  /** A word of a list, whose rows follow each other. */
  get(list: keyof typeof lists, word: number): number {
    return Number(this.bytes.readBigUInt64LE(this.#wordAt(list, word)));
  }

  set(list: keyof typeof lists, word: number, value: number): void {
    this.bytes.writeBigUInt64LE(BigInt(value), this.#wordAt(list, word));
  }

  #wordAt(list: keyof typeof lists, word: number): number {
    const address = Number(this.bytes.readBigUInt64LE(this.#offset + LISTS_AT + lists[list] * 16 + 8));
    return this.#offset + address - IMAGE_ADDRESS + word * 8;
  }
}

/** → path of a copy of the executable whose image was changed. */
export function withImage(box: Sandbox, change: (header: ImageHeader) => void): string {
  const header = new ImageHeader(runtime.path);
  change(header);
  const copy = box.path("bunc");
  writeFileSync(copy, header.bytes);
  chmodSync(copy, 0o755);
  return copy;
}
