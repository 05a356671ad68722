/** Numbers of JSON that a JavaScript number does not hold exactly (json.ts). */

/** A 64-bit integer: a number where that is exact, a bigint beyond 2^53. `String(x)` is exact for both. */
export type Integer64 = number | bigint;

/** An integer beyond 2^53, or a number that is not written as an integer. */
export function isSpecialNumber(value: unknown): value is bigint | symbol {
  return typeof value === "bigint" || typeof value === "symbol";
}

/** The text of such a number. */
export function numberText(value: bigint | symbol): string {
  return typeof value === "bigint" ? value.toString() : (value.description ?? "");
}
