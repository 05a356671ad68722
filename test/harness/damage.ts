/** Random damage to documents, as a hostile or broken producer of JSON might cause it. */
import type { Random } from "./random.ts";

/** Values that replace the expected ones. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  2 ** 53,
  18446744073709551615n,
  -9223372036854775809n,
  "",
  "/",
  "..",
  "a\0b",
  "\ud800",
  "=",
  "__proto__",
  "x".repeat(5000),
  [],
  [[]],
  [null],
  {},
  { __proto__: null },
  { path: "/x", type: "user" },
];

/** Replaces, removes or doubles one member somewhere in a document. */
export function damage(document: unknown, random: Random): void {
  const places: [holder: Record<string, unknown>, key: string][] = [];
  collect(document, places);
  if (places.length === 0) return;
  const [holder, key] = random.pick(places);
  switch (random.below(4)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
      else holder[`${key}2`] = holder[key];
      break;
    default:
      holder[key] = structuredClone(random.pick(STRANGE));
  }
}

function collect(value: unknown, places: [Record<string, unknown>, string][]): void {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    places.push([value as Record<string, unknown>, key]);
    collect((value as Record<string, unknown>)[key], places);
  }
}

/** Flips, removes, inserts or cuts off some bytes. */
export function damageBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const damaged = [...bytes];
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(damaged.length + 1);
    switch (random.below(4)) {
      case 0:
        damaged.splice(at, random.below(8));
        break;
      case 1:
        damaged.splice(at, 0, ...Array.from({ length: 1 + random.below(4) }, () => random.below(256)));
        break;
      case 2:
        damaged.length = at;
        break;
      default:
        if (at < damaged.length) damaged[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
    }
  }
  return Uint8Array.from(damaged);
}
