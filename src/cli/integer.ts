/** Integers on the command line: decimal, whole, in range, and nothing else in the string. */

import { quote, RangeValueError, ValueError } from "./value-error.ts";

const DECIMAL = /^[+-]?[0-9]+$/;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** A parser for integers from `minimum` to `maximum` (both within ±2^53). Throws ValueError. */
export function integerFrom(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const isInteger = DECIMAL.test(text);
    const value = isInteger ? Number(text) : Number.NaN;
    if (!(value >= minimum && value <= maximum)) {
      const message = `${quote(text)} is not an integer from ${minimum} to ${maximum}`;
      throw isInteger ? new RangeValueError(message) : new ValueError(message);
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
