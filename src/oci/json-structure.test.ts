import { expect, test } from "bun:test";
import { withoutStrings } from "./json-structure.ts";

const cases: readonly (readonly [text: string, structure: string])[] = [
  ["", ""],
  ["null", "null"],
  ['"null"', ""],
  ['{"a": null, "b": [1, 2.5]}', "{: null, : [1, 2.5]}"],
  [String.raw`{"\"": 1}`, "{: 1}"],
  [String.raw`{"\\": 1}`, "{: 1}"],
  [String.raw`{"\\\"": 1, "b\\\\": "\\", "c": "\n\u0022"}`, "{: 1, : , : }"],
  [String.raw`["\\\\\\\"", null, "\\\\"]`, "[, null, ]"],
];

for (const [text, structure] of cases) {
  test(text, () => expect(withoutStrings(text)).toBe(structure));
}

test("a text that is not JSON keeps what is before the mistake", () => {
  expect(withoutStrings('[1, "a", "b')).toBe("[1, , ");
});
