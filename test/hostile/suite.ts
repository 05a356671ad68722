/**
 * Runs all attacks, and writes the table in docs/SECURITY.md from their counts. Run by `npm run test:hostile`.
 *
 *   bun test/hostile/suite.ts [--long] [FILTER…]
 *
 * A FILTER is a test file's name without .test.ts, or a part of files' paths. A row is rewritten when all of its tests ran and
 * passed; the others stay. Without --long the tests run only briefly and nothing is written: the table is from long runs.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { isMeant } from "../harness/conformance.ts";
import { passedTestsIn, recordVariable } from "../harness/passed.ts";
import { projectRoot } from "../harness/project.ts";
import { writePage } from "./report.ts";
import { type Numbers, readResults, toldIn, toldVariable, writeResults } from "./results.ts";
import { type Row, rows } from "./rows.ts";

const { values: flags, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: { long: { type: "boolean", default: false } },
});

/** A complete name selects only that file: "security" must not select security-steps, and "host" is in every path here. */
const isNamed = (file: string, filter: string) => basename(file, ".test.ts") === filter;
const named = new Set(filters.filter((filter) => rows.some(({ file }) => isNamed(file, filter))));
const isWanted = ({ file }: Row) =>
  filters.length === 0 ||
  filters.some((filter) => (named.has(filter) ? isNamed(file, filter) : file.includes(filter)));
const wanted = rows.filter(isWanted);
if (wanted.length === 0) throw new Error(`${filters.join(" ")}: no attack is in a file of that name`);

const scratch = mkdtempSync(join(tmpdir(), "bunc-hostile-"));
const [passedFile, toldFile] = [join(scratch, "passed"), join(scratch, "told")];
for (const path of [passedFile, toldFile]) writeFileSync(path, "");

/** → whether all of them passed. */
async function run(file: string): Promise<boolean> {
  const tier = file.startsWith("src/") ? "unit" : (file.split("/")[1] ?? "");
  const child = Bun.spawn([process.execPath, "test/run.ts", `--only=${tier}`, file], {
    cwd: projectRoot,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      ...(flags.long ? { HOSTILE: "long" } : {}),
      [recordVariable]: passedFile,
      [toldVariable]: toldFile,
    },
  });
  return (await child.exited) === 0;
}

/** The number of tests, for a row whose tests report no counts. */
function passedOf(row: Row): Numbers | undefined {
  const names = passedTestsIn(passedFile)
    .filter((line) => line.startsWith(`${row.file} › `))
    .map((line) => line.slice(row.file.length + " › ".length));
  const tests = names.filter((name) => isMeant({ file: row.file, name: row.tests ?? "…" }, name)).length;
  return tests === 0 ? undefined : { tests };
}

const failed: string[] = [];
try {
  const passed: string[] = [];
  for (const file of new Set(wanted.map((row) => row.file))) ((await run(file)) ? passed : failed).push(file);
  if (flags.long) {
    const told = toldIn(toldFile);
    const keys = new Set(rows.map(({ key }) => key));
    const kept = Object.entries(readResults()).filter(([key]) => keys.has(key));
    const results = Object.fromEntries(kept);
    for (const row of wanted.filter(({ file }) => passed.includes(file))) {
      const numbers = told[row.key] ?? passedOf(row);
      if (numbers !== undefined) results[row.key] = numbers;
    }
    writeResults(results);
    writePage(results);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(failed.length === 0 ? "\nall repelled" : `\nfailed: ${failed.join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);
