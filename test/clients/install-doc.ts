/** The snippets of docs/INSTALL.md: what the page tells people to write is what the suite writes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const page = join(import.meta.dir, "../../docs/INSTALL.md");

/** The fenced block below `<!-- snippet: NAME -->`. */
export function installSnippet(name: string): string {
  const text = readFileSync(page, "utf8");
  const found = new RegExp(`<!-- snippet: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\``).exec(text)?.[1];
  if (found === undefined) throw new Error(`docs/INSTALL.md has no snippet "${name}"`);
  return found;
}
