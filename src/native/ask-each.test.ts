import { expect, test } from "bun:test";
import { NativeError, RuntimeError } from "../failure/errors.ts";
import { askEach } from "./ask-each.ts";
import type { Failure } from "./boundary.gen.ts";

const refused = (question: number) => new NativeError(new RuntimeError(`${question}`), {} as Failure);

/** Doubles numbers, but refuses to if one is odd. */
function double(questions: readonly number[]): number[] {
  const odd = questions.find((question) => question % 2 === 1);
  if (odd !== undefined) throw refused(odd);
  return questions.map((question) => 2 * question);
}

const shown = (answers: readonly (number | NativeError)[]) =>
  answers.map((answer) => (answer instanceof NativeError ? answer.message : answer));

test("where nothing fails there is one call", () => {
  let calls = 0;
  const answers = askEach([2, 4, 6], (some) => {
    calls += 1;
    return double(some);
  });
  expect([shown(answers), calls]).toEqual([[4, 8, 12], 1]);
});

test("an error is that of its question alone", () => {
  expect(shown(askEach([1, 2, 3, 4, 6, 8, 9], double))).toEqual(["1", 4, "3", 8, 12, 16, "9"]);
  expect(shown(askEach([7], double))).toEqual(["7"]);
});

test("who answers the first only is not asked for what comes after them", () => {
  const firstTwo = (questions: readonly number[]) => double(questions.slice(0, 2));
  expect(shown(askEach([2, 4, 6, 8], firstTwo))).toEqual([4, 8]);
  expect(shown(askEach([2, 1, 4, 6, 8, 10, 12, 14], firstTwo))).toEqual([4, "1", 8, 12, 16, 20]);
});

test("an error that is not the core's is not an answer", () => {
  const broken = () => {
    throw new TypeError("broken");
  };
  expect(() => askEach([1, 2], broken)).toThrow("broken");
});
