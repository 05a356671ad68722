import { describe, expect, test } from "bun:test";
import { errnoNumber } from "./errno.ts";
import { HINT_RULES } from "./hints.ts";
import { holdsTriggerText } from "./messages.ts";

describe("no hint holds a text that a caller would misread", () => {
  test.each(HINT_RULES.map((rule) => rule.hint))("%s", (hint) => {
    expect(holdsTriggerText(hint)).toBe(false);
  });
});

test("every errno of a rule has a number", () => {
  for (const name of HINT_RULES.flatMap((rule) => rule.errno ?? [])) expect(errnoNumber(name)).toBeNumber();
});

test("no rule fits everything", () => {
  for (const { hint: _, ...conditions } of HINT_RULES) expect(Object.keys(conditions)).not.toBeEmpty();
});
