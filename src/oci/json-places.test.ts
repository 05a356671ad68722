import { expect, test } from "bun:test";
import { placesIn } from "./json-places.ts";

const text = `{
  "a": { "b.c": [1, "x\\"]", {"d": null}], "e": {} },
  "F": true, "ü": { "g": 1e3 },
  "twice": 1, "twice": [ [2 , 3] ]
}
`;

test.each([
  ["", 1, 1],
  ["a", 2, 8],
  ['a["b.c"]', 2, 17],
  ['a["b.c"][0]', 2, 18],
  ['a["b.c"][1]', 2, 21],
  ['a["b.c"][2].d', 2, 35],
  ["a.e", 2, 48],
  ["f", 3, 8],
  ['["ü"].g', 3, 26],
  ["twice[0][1]", 4, 31],
  // What is missing: what is nearest around it.
  ["a.e.missing.more", 2, 48],
  ["a[3]", 2, 8],
  ['a["b.c"][9]', 2, 17],
  ["nothing", 1, 1],
])("%s stands in line %d, column %d", (path, line, column) => {
  expect(placesIn(text)(path)).toEqual({ line, column });
});

test("a value alone, text behind the document, and a deep one", () => {
  expect(placesIn('  "x"')("")).toEqual({ line: 1, column: 3 });
  expect(placesIn('{"a":1} {"a": 2}')("a")).toEqual({ line: 1, column: 6 });
  const deep = 100_000;
  expect(placesIn(`${"[".repeat(deep)}${"]".repeat(deep)}`)("[0][0]")).toEqual({ line: 1, column: 3 });
});
