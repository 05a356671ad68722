import { describe, expect, test } from "bun:test";
import { partOf } from "./part.ts";

describe("partOf", () => {
  test.each([
    ["1/1", ["a", "b", "c", "d", "e"]],
    ["1/2", ["a", "c", "e"]],
    ["2/2", ["b", "d"]],
    ["5/9", ["e"]],
    ["9/9", []],
  ])("%s", (part, expected) => {
    expect(partOf(part, ["a", "b", "c", "d", "e"])).toEqual(expected);
  });

  test.each(["", "0/2", "3/2", "1", "1/0", "1/x", "-1/2", "1/100"])("refuses %p", (part) => {
    expect(() => partOf(part, ["a"])).toThrow("K/N");
  });
});
