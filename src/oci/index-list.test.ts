import { expect, test } from "bun:test";
import { parseIndexList } from "./index-list.ts";

test("lists of CPUs and memory nodes", () => {
  const table: [text: string, words: number[] | undefined][] = [
    ["0", [1]],
    ["0-3,7", [0x8f]],
    [" 1 , 2 ", [6]],
    ["31,32", [0x80000000, 1]],
    ["0,", [1]],
    ["65", [0, 0, 2]],
    ["", undefined],
    [",", undefined],
    ["a", undefined],
    ["-1", undefined],
    ["3-1", undefined],
    ["1-", undefined],
    ["1-2-3", undefined],
    ["1024", undefined],
    ["99999999999999999999", undefined],
    ["0x1", undefined],
    ["1.0", undefined],
  ];
  for (const [text, words] of table) expect([text, parseIndexList(text, 1023)]).toEqual([text, words]);
});
