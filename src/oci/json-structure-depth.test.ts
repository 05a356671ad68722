/** A text that is nested too deep gets one error, from every reader of what others write. */
import { expect, test } from "bun:test";
import { parseRecord } from "../state/record.ts";
import { checkDocument } from "./document.ts";
import { parseDocument, parseExactly, parseJson } from "./json.ts";
import { DEPTH_MAX, isTooDeep } from "./json-structure.ts";
import { struct } from "./primitives.ts";

const SHAPES: readonly (readonly [open: string, close: string])[] = [
  ["[", "]"],
  ['{"a":', "}"],
];

/** An object with an unknown member; the object is the first of the levels. */
function nested([open, close]: readonly [string, string], levels: number, rest = ""): string {
  const deep = levels - 1;
  return `{"x":${open.repeat(deep)}${open === "[" ? "" : "1"}${close.repeat(deep)}${rest}}`;
}

for (const shape of SHAPES) {
  test(`as deep as allowed, with ${shape[0]}`, () => {
    // Read with Go's tolerance too: a name stands there twice.
    for (const text of [
      nested(shape, DEPTH_MAX),
      nested(shape, DEPTH_MAX, ',"x":null,"y":12345678901234567890'),
    ]) {
      expect(checkDocument(struct({}), "config.json", text).issues).toEqual([]);
    }
  });

  test(`deeper, with ${shape[0]}`, () => {
    for (const levels of [DEPTH_MAX + 1, 200 * DEPTH_MAX]) {
      const text = nested(shape, levels);
      const column = 6 + (DEPTH_MAX - 1) * shape[0].length;
      const message = `line 1, column ${column}: found ${JSON.stringify(shape[0][0])}, accepted: at most 1000 levels of nesting`;
      for (const source of [text, `${text} trailing`, text.slice(0, -levels)]) {
        expect(() => checkDocument(struct({}), "config.json", source)).toThrow(message);
        expect(() => parseDocument("config.json", source)).toThrow(message);
        expect(() => parseRecord(source, "state.json")).toThrow(message);
        expect(() => parseJson(source)).toThrow(SyntaxError);
        expect(() => parseExactly(source)).toThrow(SyntaxError);
      }
    }
  });
}

test("brackets in strings and side by side are not nested", () => {
  expect(() => parseJson(JSON.stringify("[".repeat(2 * DEPTH_MAX)))).not.toThrow();
  expect(isTooDeep(`[${"[],".repeat(2 * DEPTH_MAX)}0]`)).toBe(false);
});
