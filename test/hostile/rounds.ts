/**
 * How long the attacks go on. A plain run of the tier is the short form; `npm run test:hostile -- --long` the long one, whose
 * numbers are in docs/SECURITY.md. HOSTILE_ROUNDS sets the rounds of the races.
 */
export const isLong = Bun.env["HOSTILE"] === "long";

/** → what HOSTILE_ROUNDS says, else one of the two. */
export function rounds(short: number, long: number): number {
  const given = Bun.env["HOSTILE_ROUNDS"];
  if (given === undefined) return isLong ? long : short;
  const count = Number(given);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new Error(`HOSTILE_ROUNDS=${given}: must be 1 or more`);
  return count;
}

/** Of a scenario of so many rounds: minutes for those that take seconds here. */
export const timeoutOf = (count: number): number => 300_000 + count * 10_000;

/** For what is random: repeated by HOSTILE_SEED, which a failure names. */
export const seed = Number(Bun.env["HOSTILE_SEED"] ?? Date.now() % 1_000_000);
