/** The capabilities of capabilities(7), as the kernel numbers them. */

import { CAP } from "../native/boundary.gen.ts";

/** By number: `CAP_CHOWN` first. `LAST_CAP` is the kernel's name for a bound, not a capability. */
const names = (): string[] =>
  Object.keys(CAP)
    .filter((name) => name !== "LAST_CAP")
    .map((name) => `CAP_${name}`);

/** Names of all capabilities, or of those in a set of bits, by number. */
export function capabilityNames(set?: bigint): string[] {
  return names().filter((_, number) => set === undefined || ((set >> BigInt(number)) & 1n) === 1n);
}

/** `capability 99` for one without a name here. */
export function capabilityName(number: number): string {
  return names()[number] ?? `capability ${number}`;
}

/** `CAP_CHOWN` → 0; undefined for any other text. */
export function capabilityNumber(name: string): number | undefined {
  if (!name.startsWith("CAP_") || name === "CAP_LAST_CAP") return undefined;
  const key = name.slice("CAP_".length);
  return Object.hasOwn(CAP, key) ? CAP[key as keyof typeof CAP] : undefined;
}
