/** The table of docs/SECURITY.md, from rows.ts and results.json. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { inWords, type Results } from "./results.ts";
import { groups, type Row, rows } from "./rows.ts";

const page = join(projectRoot, "docs/SECURITY.md");
const begin = "<!-- Written by npm run test:hostile. -->";
const end = "<!-- The end of what it writes. -->";

/** The command that runs only the row's tests. */
const command = ({ file }: Row): string => `npm run test:hostile -- --long ${basename(file, ".test.ts")}`;

export function table(results: Results): string {
  const lines: string[] = [];
  for (const group of groups) {
    lines.push(
      "",
      `### ${group}`,
      "",
      "| attack | tried and repelled | left behind | command |",
      "|---|---|---|---|",
    );
    for (const row of rows.filter((one) => one.group === group)) {
      const numbers = results[row.key];
      const cells =
        numbers === undefined
          ? [row.attack, "not recorded", "", command(row)]
          : [row.attack, inWords(numbers), "0", command(row)];
      lines.push(`| ${cells.slice(0, 3).join(" | ")} | \`${cells[3]}\` |`);
    }
  }
  return `${lines.join("\n")}\n\n`;
}

const parts = (): [before: string, between: string, after: string] => {
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/SECURITY.md has no ${begin} … ${end}`);
  return [text.slice(0, from + begin.length), text.slice(from + begin.length, to), text.slice(to)];
};

export const tableOnPage = (): string => parts()[1];

export function writePage(results: Results): void {
  const [before, , after] = parts();
  writeFileSync(page, `${before}\n${table(results)}${after}`);
}
