/** What commander uses of node:util, for the width of its own help texts, which bunc does not print. */
export function stripVTControlCharacters(text: string): string {
  return Bun.stripANSI(text);
}
