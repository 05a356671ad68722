/** Amounts of memory: `512m`, `1.5GiB`, `1073741824`, and `-1` for no limit. Units are powers of 1024. */

import { quote, ValueError } from "./value-error.ts";

const SIZE = /^([0-9]+)(?:\.([0-9]{1,18}))? ?([kmgtp]?)(?:i?b)?$/i;
const POWERS = " kmgtp";
const INT64_MAX = 2n ** 63n - 1n;

/** Bytes, or -1n. Throws ValueError. */
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
