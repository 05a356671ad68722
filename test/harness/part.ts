/** The part `K/N` of the items: every Nth, from the Kth on. */
export function partOf<T>(part: string, items: readonly T[]): T[] {
  const [, first, step] = /^([1-9]\d?)\/([1-9]\d?)$/.exec(part) ?? [];
  const [k, n] = [Number(first), Number(step)];
  if (!(k <= n)) throw new Error(`--part=${part}: accepted is K/N with 1 ≤ K ≤ N ≤ 99`);
  return items.filter((_, index) => index % n === k - 1);
}
