/** Questions to the core about many things at once. */

import { NativeError } from "../failure/errors.ts";

/**
 * An answer to each question, or why there is none: where a call for all of them fails, because of one, that one is found.
 * `ask` may answer only the first of its questions; then there are as many answers.
 */
export function askEach<Question, Answer>(
  questions: readonly Question[],
  ask: (some: readonly Question[]) => readonly Answer[],
): readonly (Answer | NativeError)[] {
  try {
    return ask(questions);
  } catch (error) {
    if (!(error instanceof NativeError)) throw error;
    if (questions.length === 1) return [error];
    const half = questions.length >> 1;
    const first = askEach(questions.slice(0, half), ask);
    return first.length < half ? first : [...first, ...askEach(questions.slice(half), ask)];
  }
}
