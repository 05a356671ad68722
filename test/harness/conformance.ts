/** docs/CONFORMANCE.md as data: its claims, and the tests that it names for them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project.ts";

interface Reference {
  /** Relative to the project's root. */
  readonly file: string;
  /** "…" stands for a part that a table of cases fills in. */
  readonly name: string;
}

export interface Row {
  readonly feature: string;
  readonly cells: number;
  /** Empty if the row is open. */
  readonly references: readonly Reference[];
}

export function conformanceRows(): Row[] {
  const text = readFileSync(join(projectRoot, "docs/CONFORMANCE.md"), "utf8");
  return text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| feature "))
    .map((line) => {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1);
      const shown = cells[2]?.trim() ?? "";
      const references = shown === "open" ? [] : shown.split("<br>").map(reference);
      return { feature: cells[0]?.trim() ?? "", cells: cells.length, references };
    });
}

function reference(text: string): Reference {
  const [file = "", name = ""] = text.split(" › ");
  const path = file.startsWith("src/")
    ? file
    : file.includes("/")
      ? `test/${file}`
      : `test/integration/${file}`;
  return { file: path, name };
}

/** Whether the reference means a test of that name. "$word" is test.each's placeholder for a field of its table. */
export function isMeant({ name }: Reference, testName: string): boolean {
  const parts = name.split(/…|\$\w+/).map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(testName);
}
