/** What of a JSON text is no string: brackets, commas, colons, numbers, true, false, null and the space between them. */

/**
 * `[1,"a\"b",null]` → `[1,,null]`. Most of a document is strings, and a pattern looks at one character after the other, which
 * is slow in a process that compiles nothing: here the engine's own searches go over them. Of a text that is not JSON the
 * part before its first mistake is right.
 */
export function withoutStrings(text: string): string {
  // In this order: what is left before a quote then escapes it.
  const plain = text.includes("\\") ? text.replaceAll("\\\\", "").replaceAll('\\"', "") : text;
  const pieces = plain.split('"');
  let structure = "";
  for (let index = 0; index < pieces.length; index += 2) structure += pieces[index];
  return structure;
}
