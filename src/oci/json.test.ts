import { describe, expect, test } from "bun:test";
import { parseJson, stringifyJson } from "./json.ts";

describe("parseJson", () => {
  const table: [text: string, value: unknown][] = [
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-9223372036854775808", -9223372036854775808n],
    ["18446744073709551615", 18446744073709551615n],
    ["99999999999999999999999999", 99999999999999999999999999n],
    ['["9007199254740993"]', ["9007199254740993"]],
    ['{"a":1,"a":9007199254740993,"b":2}', { a: 9007199254740993n, b: 2 }],
    ['{"a":null,"b":{"c":null,"d":0}}', { b: { d: 0 } }],
    ['{"a" : \n null}', {}],
    ['{"a":[null]}', { a: [null] }],
    ['{"a":"x:null"}', { a: "x:null" }],
    ['{"a":"12:1.5"}', { a: "12:1.5" }],
    ['{"created":"16:48:18.327Z"}', { created: "16:48:18.327Z" }],
  ];
  for (const [text, value] of table) {
    test(text.replace(/\s+/g, " "), () => expect(parseJson(text)).toEqual(value));
  }

  const notIntegers = ["1e3", "1.0", "-1.0", "1E0", "1e+3", "0.0", "0e0", "1e400", "12345678901234567.5"];
  for (const number of notIntegers) {
    test(`${number} is not taken for an integer, wherever it stands`, () => {
      for (const [before, after] of [
        ["[", "]"],
        ["[1,", ",2]"],
        ['{"a":', "}"],
        ['{ "a" :\n ', ' , "b": 1}'],
      ]) {
        const text = `${before}${number}${after}`;
        const item = Object.values(parseJson(text) as object).find((value) => typeof value === "symbol");
        expect(item?.description).toBe(number);
        expect(stringifyJson(parseJson(text))).toBe(text.replaceAll(/\s/g, ""));
      }
    });
  }

  test("__proto__ is an ordinary key", () => {
    for (const text of ['{"__proto__":{"x":1}}', '{"__proto__":{"x":9007199254740993}}']) {
      const value = parseJson(text) as Record<string, unknown>;
      expect(Object.hasOwn(value, "__proto__")).toBe(true);
      expect("x" in value).toBe(false);
    }
  });

  test("text that is not JSON", () => {
    for (const text of ["", "{", "{}x", "{'a':1}", "\u0000", "[1,]", "NaN", '{"a":01}', '"\t"']) {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    }
  });
});

test("stringifyJson writes integers of any size as numbers", () => {
  const text = '{"a":18446744073709551615,"b":[-9223372036854775808,1],"c":"x"}';
  expect(stringifyJson(parseJson(text))).toBe(text);
});
