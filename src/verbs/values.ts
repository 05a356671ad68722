/** Values of flags: booleans, words, integers, sizes, durations, lists of CPUs. */

import { RuntimeError, UsageError } from "../failure/errors.ts";
import { didYouMean } from "../failure/suggestion.ts";

/** A value that a parser refuses. The message says what was found and what is accepted. */
export class ValueError extends RuntimeError {
  constructor(message: string) {
    super(message);
    this.name = "ValueError";
  }
}

/** No number or duration at all: runc's flag parser reads these itself, and says how the command is used. */
export class MalformedValue extends ValueError {}

/** As Go's `%q`, near enough for messages: the value in double quotes, control characters escaped. */
export function quote(value: string): string {
  return JSON.stringify(value);
}

/** Reads the value of a flag; one that `parse` refuses with a ValueError becomes an error that names the flag. */
export function readValue<T>(flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const message = `invalid value ${JSON.stringify(text)} for flag -${flag}: ${error.message}`;
    throw error instanceof MalformedValue ? new UsageError(message) : new RuntimeError(message);
  }
}

const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];

/** A boolean as Go's strconv.ParseBool reads it. Throws ValueError for all but its twelve spellings. */
export function parseBoolean(text: string): boolean {
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw new ValueError(`${quote(text)} is not a boolean (true or false)`);
}

/** `--rootless`: a boolean, or `auto` (any case, or empty). Throws ValueError. */
export function parseBooleanOrAuto(text: string): boolean | "auto" {
  if (text === "" || text.toLowerCase() === "auto") return "auto";
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw new ValueError(`${quote(text)} is not true, false or auto`);
}

/** A parser for one of `choices`; `problem` is runc's text for anything else. It throws ValueError. */
export function oneOf<const Choice extends string>(
  problem: string,
  ...choices: readonly Choice[]
): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    throw new ValueError(
      `${problem}: ${quote(text)} is not ${choices.join(", ")}${didYouMean(text, choices)}`,
    );
  };
}

const DECIMAL = /^[+-]?[0-9]+$/;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
export const UINT64_MAX = 2n ** 64n - 1n;

/** A parser for integers from `minimum` to `maximum` (both within ±2^53). Throws ValueError. */
export function integerFrom(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const isInteger = DECIMAL.test(text);
    const value = isInteger ? Number(text) : Number.NaN;
    if (!(value >= minimum && value <= maximum)) {
      const message = `${quote(text)} is not an integer from ${minimum} to ${maximum}`;
      throw isInteger ? new ValueError(message) : new MalformedValue(message);
    }
    return value === 0 ? 0 : value;
  };
}

/** A signed 64-bit integer. Throws ValueError. */
export const parseInt64 = bigintFrom(INT64_MIN, INT64_MAX);

/** An unsigned 64-bit integer. Throws ValueError. */
export const parseUint64 = bigintFrom(0n, UINT64_MAX);

function bigintFrom(minimum: bigint, maximum: bigint): (text: string) => bigint {
  return (text) => {
    // BigInt() takes no plus sign; 20 digits hold every 64-bit number, so longer input is never converted.
    const digits = text.replace(/^\+/, "").replace(/^(-?)0+(?=[0-9])/, "$1");
    if (DECIMAL.test(text) && digits.length <= 20) {
      const value = BigInt(digits);
      if (value >= minimum && value <= maximum) return value;
    }
    throw new ValueError(`${quote(text)} is not an integer from ${minimum} to ${maximum}`);
  };
}

const SIZE = /^([0-9]+)(?:\.([0-9]{1,18}))? ?([kmgtp]?)(?:i?b)?$/i;
const POWERS = " kmgtp";

/**
 * An amount of memory in bytes, or -1n for no limit: `512m`, `1.5GiB`, `1073741824`, `-1`. Units are powers of 1024. Throws
 * ValueError.
 */
export function parseSize(text: string): bigint {
  if (text === "-1") return -1n;
  const match = text.length <= 40 ? SIZE.exec(text) : null;
  if (match !== null) {
    const [, whole, fraction, unit] = match;
    const factor = 1024n ** BigInt(unit ? POWERS.indexOf(unit.toLowerCase()) : 0);
    let bytes = BigInt(whole as string) * factor;
    if (fraction !== undefined) bytes += (BigInt(fraction) * factor) / 10n ** BigInt(fraction.length);
    if (bytes <= INT64_MAX) return bytes;
  }
  throw new ValueError(`${quote(text)} is not a size such as 1073741824, 512m or 1.5g, or -1 for no limit`);
}

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

/** A duration greater than 0 as Go's time.ParseDuration reads it (`5s`, `1m30s`, `1.5h`), in milliseconds. Throws ValueError. */
export function parsePositiveDuration(text: string): number {
  let milliseconds = 0;
  if (DURATION.test(text)) {
    for (const [, amount, unit] of text.matchAll(PART)) {
      milliseconds += Number(amount) * (MILLISECONDS_PER_UNIT[unit as string] as number);
    }
  } else if (text !== "0") {
    throw new MalformedValue(`${quote(text)} is not a duration such as 500ms, 5s or 1m30s`);
  }
  if (text.startsWith("-") || milliseconds <= 0) {
    throw new ValueError("duration interval must be greater than 0");
  }
  if (milliseconds >= MILLISECONDS_MAX) throw new MalformedValue(`${quote(text)} is longer than 292 years`);
  return milliseconds;
}

const CPU_RANGE = /^([0-9]{1,7})(?:-([0-9]{1,7})(?::[0-9]{1,7}\/[0-9]{1,7})?)?$/;

/** A list of CPUs or memory nodes: `0-3,8`, `0-31:2/4` (cpuset(7), "List format"). The text itself. Throws ValueError. */
export function parseCpuList(text: string): string {
  for (const part of text.split(",")) {
    const range = CPU_RANGE.exec(part);
    if (range === null || (range[2] !== undefined && Number(range[1]) > Number(range[2]))) {
      throw new ValueError(`${quote(text)} is not a list such as 0-3,8`);
    }
  }
  return text;
}
