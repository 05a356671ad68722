/** "Did you mean": the known names near a misspelt one. Loaded only after a mistake. */

/** With more than this, the word is near everything. */
const SUGGESTIONS_MAX = 2;

/** ` (did you mean "CAP_KILL"?)`, to follow the word; "" if nothing is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near.length === 0 ? "" : ` (did you mean ${near.map((name) => JSON.stringify(name)).join(" or ")}?)`;
}

/**
 * The names nearest to an unknown word: those that differ by case, those that end with it ("NOFILE",
 * "net_admin"), or else those that are one letter away, or two for a longer word. Empty: none is near.
 */
export function nearest(word: string, known: readonly string[]): string[] {
  if (word === "" || known.includes(word)) return [];
  const folded = fold(word);
  const names = [...new Set(known)].filter((name) => name !== "");
  const same = names.filter((name) => fold(name) === folded);
  if (same.length > 0) return few(same);
  // Every other name is near a short word.
  const allowed = folded.length < 3 ? 0 : folded.length < 6 ? 1 : 2;
  let least = allowed;
  let near: string[] = [];
  for (const name of names) {
    const distance = distanceUpTo(folded, fold(name), least);
    if (distance > least) continue;
    if (distance < least) near = [];
    least = distance;
    near.push(name);
  }
  if (allowed > 0 && near.length > 0) return few(near);
  return few(folded.length < 2 ? [] : names.filter((name) => fold(name).endsWith(`_${folded}`)));
}

function few(names: string[]): string[] {
  return names.length <= SUGGESTIONS_MAX ? names : [];
}

const fold = (word: string) => word.toLowerCase().replaceAll("-", "_");

/**
 * Letters to add, drop, replace or swap with their neighbour (optimal string alignment); more than `most`: some number
 * above it.
 */
export function distanceUpTo(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + differs);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(before, j - 2) + 1);
      row.push(cost);
    }
    if (row.every((cost) => cost > most)) return most + 1;
    before = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
