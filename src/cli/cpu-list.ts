/** Lists of CPUs and memory nodes: `0-3,8`, `0-31:2/4` (cpuset(7), "List format"). */

import { quote, ValueError } from "./value-error.ts";

const RANGE = /^([0-9]{1,7})(?:-([0-9]{1,7})(?::[0-9]{1,7}\/[0-9]{1,7})?)?$/;

/** The text itself. Throws ValueError. */
export function parseCpuList(text: string): string {
  for (const part of text.split(",")) {
    const range = RANGE.exec(part);
    if (range === null || (range[2] !== undefined && Number(range[1]) > Number(range[2]))) {
      throw new ValueError(`${quote(text)} is not a list such as 0-3,8`);
    }
  }
  return text;
}
