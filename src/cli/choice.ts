/** Flags that take one of a few words. */

import { quote, ValueError } from "./value-error.ts";

/** A parser for one of `choices`; `problem` is runc's text for anything else. It throws ValueError. */
export function oneOf<const Choice extends string>(
  problem: string,
  ...choices: readonly Choice[]
): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    const { didYouMean }: typeof import("../suggestion.ts") = require("../suggestion.ts");
    throw new ValueError(
      `${problem}: ${quote(text)} is not ${choices.join(", ")}${didYouMean(text, choices)}`,
    );
  };
}
