/**
 * The length of the attacks. A plain run of the tier is short; `npm run test:hostile -- --long` is the long run, whose counts
 * are in docs/SECURITY.md. HOSTILE_ROUNDS sets the rounds of the races.
 */
export const isLong = Bun.env["HOSTILE"] === "long";

/** → HOSTILE_ROUNDS if set, otherwise one of the two numbers. */
export function rounds(short: number, long: number): number {
  const given = Bun.env["HOSTILE_ROUNDS"];
  if (given === undefined) return isLong ? long : short;
  const count = Number(given);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new Error(`HOSTILE_ROUNDS=${given}: must be 1 or more`);
  return count;
}

/** The timeout of a scenario with this many rounds: minutes for those that take seconds here. */
export const timeoutOf = (count: number): number => 300_000 + count * 10_000;

/** The seed of random input: HOSTILE_SEED repeats it, and a failure names it. */
export const seed = Number(Bun.env["HOSTILE_SEED"] ?? Date.now() % 1_000_000);
