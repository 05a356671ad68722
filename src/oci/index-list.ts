/** Lists of CPU or memory node numbers: "0-3,7" (cpuset(7), List format). */

const ITEM = /^(\d{1,9})(?:-(\d{1,9}))?$/;

/** The numbers as 32-bit words, least significant first; undefined if the text is not such a list. */
export function parseIndexList(text: string, max: number): number[] | undefined {
  const words: number[] = [];
  for (const part of text.split(",")) {
    const item = part.trim();
    if (item === "") continue;
    const match = ITEM.exec(item);
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last > max || first > last) return undefined;
    for (let index = first; index <= last; index++) {
      const word = index >>> 5;
      while (words.length <= word) words.push(0);
      words[word] = ((words[word] as number) | (1 << (index & 31))) >>> 0;
    }
  }
  return words.length === 0 ? undefined : words;
}
