/** System calls on the command line: `all`, `mount`, `165`, `mount,umount2`, with arguments `socket(16,0x3)`. */

import { quote, ValueError } from "./value-error.ts";

export interface SyscallQuery {
  /** Names or numbers; empty: all. */
  names: string[];
  /** Undefined: whatever the arguments are. */
  arguments: bigint[] | undefined;
}

const LIST = /^[A-Za-z0-9_]{1,64}(?:,[A-Za-z0-9_]{1,64})*$/;
const CALL = /^([A-Za-z0-9_]{1,64})\(([^()]*)\)$/;
const NUMBER = /^(?:[0-9]{1,20}|0x[0-9a-fA-F]{1,16})$/;
const ARGUMENTS_MAX = 6;
const UINT64_MAX = 2n ** 64n - 1n;

/** Throws ValueError. */
export function parseSyscalls(text: string): SyscallQuery {
  if (text === "all") return { names: [], arguments: undefined };
  if (LIST.test(text)) return { names: text.split(","), arguments: undefined };
  const [, name, list = ""] = CALL.exec(text) ?? [];
  const values = list.trim() === "" ? [] : list.split(",").map((part) => part.trim());
  if (name !== undefined && values.length <= ARGUMENTS_MAX && values.every((part) => NUMBER.test(part))) {
    const numbers = values.map(BigInt);
    if (numbers.every((number) => number <= UINT64_MAX)) return { names: [name], arguments: numbers };
  }
  throw new ValueError(`${quote(text)} is not a system call such as mount, 165 or socket(16), or all`);
}
