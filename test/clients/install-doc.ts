/** The snippets of docs/INSTALL.md and docs/FAILURES.md: the suite writes exactly what the pages tell users to write. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The fenced block below `<!-- snippet: NAME -->` of a page in docs. */
export function snippet(page: string, name: string): string {
  const text = readFileSync(join(import.meta.dir, "../../docs", page), "utf8");
  const found = new RegExp(`<!-- snippet: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\``).exec(text)?.[1];
  if (found === undefined) throw new Error(`docs/${page} has no snippet "${name}"`);
  return found;
}

export const installSnippet = (name: string) => snippet("INSTALL.md", name);
