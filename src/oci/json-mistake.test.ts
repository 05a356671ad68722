import { describe, expect, test } from "bun:test";
import { findJsonMistake } from "./json-mistake.ts";

type Row = [name: string, text: string, place: string, found: string, accepted: RegExp];

const table: Row[] = [
  ["empty", "", "1:1", "the end of the file", /^a JSON document$/],
  ["only white space", " \n\n ", "3:2", "the end of the file", /^a JSON document$/],
  ["byte order mark", "\ufeff{}", "1:1", '"\\ufeff"', /^no byte order mark$/],
  ["cut off in an object", '{"a": 1', "1:8", "the end of the file", /^"," or "}"$/],
  ["cut off behind a comma", '{"a": 1,\n', "2:1", "the end of the file", /name in double quotes/],
  ["cut off in a list", "[1,\n 2", "2:3", "the end of the file", /^"," or "]"$/],
  ["cut off in a string", '{\n "a": "bcd', "2:7", '"bcd', /double quote at the end/],
  ["cut off in a literal", '{"a": tru', "1:7", '"tru"', /^a value$/],
  ["cut off behind a colon", '{"a":', "1:6", "the end of the file", /^a value$/],
  ["comma before a brace", '{"a": 1,\n}', "1:8", '","', /^no "," before "}"$/],
  ["comma before a bracket", "[1, 2 , ]", "1:7", '","', /^no "," before "]"$/],
  ["comma alone", "[,]", "1:2", '","', /^a value$/],
  ["missing comma", '{"a": 1\n "b": 2}', "2:2", '"b"', /^"," or "}"$/],
  ["missing comma in a list", '["a" "b"]', "1:6", '"b"', /^"," or "]"$/],
  ["missing colon", '{"a" 1}', "1:6", '"1"', /":" after the member name/],
  ["wrong bracket", "[1}", "1:3", '"}"', /^"," or "]"$/],
  ["line comment", "{\n  // c\n}", "2:3", '"//"', /^no comments$/],
  ["comment behind a value", '{"a": 1 /* c */}', "1:9", '"/*"', /^no comments$/],
  ["comment of a shell", "# c\n{}", "1:1", '"#"', /^no comments$/],
  ["single quotes", "{'a': 1}", "1:2", "'a'", /name in double quotes/],
  ["name without quotes", "{a: 1}", "1:2", '"a"', /name in double quotes/],
  ["leading zero", '{"a": 0755}', "1:7", '"0755"', /^a value$/],
  ["number without digits", "[-]", "1:2", '"-"', /^a value$/],
  ["fraction without digits", "[1.]", "1:2", '"1."', /^a value$/],
  ["plus", "[+1]", "1:2", '"+1"', /^a value$/],
  ["not a number", "[NaN]", "1:2", '"NaN"', /^a value$/],
  ["Python's literal", '{"a": True}', "1:7", '"True"', /^a value$/],
  ["two documents", "{}\n{}", "2:1", '"{"', /^nothing after the end/],
  ["NUL behind the end", "{}\0\0", "1:3", '"\\u0000"', /^nothing after the end/],
  ["NUL bytes only", "\0\0\0", "1:1", '"\\u0000"', /^a value$/],
  ["NUL in a string", '["a\0b"]', "1:4", '"\\u0000"', /as escapes/],
  ["line end in a string", '["ab\ncd"]', "1:2", '"ab', /double quote at the end/],
  ["tab in a string", '["a\tb"]', "1:4", '"\\t"', /as escapes/],
  ["unknown escape", '["a\\x41"]', "1:4", '"\\\\x"', /an escape of JSON/],
  ["escape cut short", '["\\u12"]', "1:3", '"\\\\u"', /an escape of JSON/],
  ["no-break space", '{\u00a0"a": 1}', "1:2", '"\\u00a0"', /name in double quotes/],
  ["columns are characters", '["\u{1f600}" x]', "1:6", '"x"', /^"," or "]"$/],
  ["lines end with CRLF", '{\r\n "a": x\r\n}', "2:7", '"x"', /^a value$/],
];

test.each(table)("%s", (_name, text, place, found, accepted) => {
  expect(() => JSON.parse(text)).toThrow();
  const mistake = findJsonMistake(text);
  expect([`${mistake?.line}:${mistake?.column}`, mistake?.found]).toEqual([place, found]);
  expect(mistake?.accepted).toMatch(accepted);
});

describe("the excerpt", () => {
  const excerpt = (text: string) => findJsonMistake(text)?.excerpt;

  test("is the line, split at the mistake", () => {
    expect(excerpt('{\n "a": x,\r\n "b": 1}')).toEqual({ line: 2, before: ' "a": ', after: "x," });
  });

  test("is a window of a long line", () => {
    const text = `{"a":"${"x".repeat(10_000_000)}", b}`;
    const shown = excerpt(text);
    expect(shown?.before).toBe(`...${"x".repeat(47)}", `);
    expect(shown?.after).toBe("b}");
    const middle = excerpt(`{"a": y, "b": "${"x".repeat(1000)}"}`);
    expect(middle?.before).toBe('{"a": ');
    expect(middle?.after).toEndWith("xxx...");
  });

  test("cuts no character in halves", () => {
    for (let length = 20; length < 50; length++) {
      const shown = excerpt(`["${"a".repeat(length)}${"\u{1f600}".repeat(30)}" x${"\u{1f600}".repeat(60)}]`);
      expect([shown?.before.isWellFormed(), shown?.after.isWellFormed()]).toEqual([true, true]);
    }
  });
});

test("what is nested too deep is a mistake where the level begins", () => {
  expect(findJsonMistake(`${"[".repeat(1000)}x`)?.column).toBe(1001);
  expect(findJsonMistake("[".repeat(300_000))).toMatchObject({
    column: 1001,
    accepted: "at most 1000 levels of nesting",
  });
});

test("it refuses what JSON.parse refuses, and nothing else", () => {
  const seed = Number(Bun.env["FUZZ_SEED"] ?? Date.now() % 1_000_000);
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    '"a"',
    ":",
    ",",
    "1",
    "-0.5e+3",
    "01",
    "true",
    "null",
    " ",
    "\n",
    "\\",
    '"',
    "\\n",
    "\0",
    "\u2028",
  ];
  const good = '{"a": [1, -2.5e3, true, null, "x\\u0041\\n"], "b": {"c": {}}, "d": []}';
  for (let round = 0; round < 20_000; round++) {
    let text = "";
    if (round % 2 === 0) {
      const at = random(good.length);
      text = good.slice(0, at) + pieces[random(pieces.length)] + good.slice(at + random(3));
    } else for (let count = random(8); count >= 0; count--) text += pieces[random(pieces.length)];
    let isJson = true;
    try {
      JSON.parse(text);
    } catch {
      isJson = false;
    }
    expect([seed, text, findJsonMistake(text) === undefined]).toEqual([seed, text, isJson]);
  }
});
