/** Durations as Go's time.ParseDuration writes them: `5s`, `1m30s`, `1.5h`, `100ms`. */

import { quote, RangeValueError, ValueError } from "./value-error.ts";

const MILLISECONDS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const DURATION = /^[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const PART = /([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)/g;

/** The longest time Go can hold, in milliseconds (2^63 ns). */
const MILLISECONDS_MAX = 2 ** 63 / 1e6;

/** A duration greater than 0, in milliseconds. Throws ValueError. */
export function parsePositiveDuration(text: string): number {
  let milliseconds = 0;
  if (DURATION.test(text)) {
    for (const [, amount, unit] of text.matchAll(PART)) {
      milliseconds += Number(amount) * (MILLISECONDS_PER_UNIT[unit as string] as number);
    }
  } else if (text !== "0") {
    throw new ValueError(`${quote(text)} is not a duration such as 500ms, 5s or 1m30s`);
  }
  if (text.startsWith("-") || milliseconds <= 0) {
    throw new RangeValueError("duration interval must be greater than 0");
  }
  if (milliseconds >= MILLISECONDS_MAX) throw new ValueError(`${quote(text)} is longer than 292 years`);
  return milliseconds;
}
