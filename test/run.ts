/**
 * What `npm test` runs: every tier that needs no package beyond npm's, and one line of counts at the end.
 *
 *   bun test/run.ts [--all] [--only=TIER,…] [--runtime=NAME] [FILTER…]
 *
 * `--all` adds the tiers that need tools from outside (strace, QEMU) or many minutes; `--runtime=runc` runs
 * the tests that must hold for any runtime with that one; a FILTER is a part of a test file's path.
 *
 * BUNC_TEST_RECORD is a file to which the tests that passed are added, for test/shown.ts.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { noImage } from "./harness/no-image.ts";
import { groupMark, recordPassed } from "./harness/passed.ts";
import { Run, sweepDeadRuns } from "./harness/runs.ts";
import { skipMarker } from "./harness/scenario-name.ts";
import { type Tier, tiers } from "./tiers.ts";

interface Tally {
  passed: number;
  /** Of bun's tests that passed, and of their groups: `file › name`. */
  names: string[];
  failed: number;
  skipped: { name: string; reason: string }[];
}

const project = resolve(import.meta.dir, "..");
const bun = process.execPath;

const { values: flags, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    only: { type: "string" },
    runtime: { type: "string" },
  },
});

function chosenTiers(): Tier[] {
  const names = flags.only?.split(",");
  for (const name of names ?? []) {
    if (!tiers.some((tier) => tier.name === name)) {
      throw new Error(`--only=${name}: no such tier; there are ${tiers.map((tier) => tier.name).join(", ")}`);
    }
  }
  return tiers.filter((tier) => {
    if (names !== undefined) return names.includes(tier.name);
    if (flags.runtime !== undefined) return tier.anyRuntime === true;
    return flags.all || tier.slow !== true;
  });
}

const decodeXml = (text: string) =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");

function readJunit(xml: string, tally: Tally): void {
  for (const [, attributes = "", empty, body = ""] of xml.matchAll(
    /<testcase\b([^>]*?)(?:(\/)>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    const attribute = (key: string) =>
      decodeXml(new RegExp(`\\b${key}="([^"]*)"`).exec(attributes)?.[1] ?? "?");
    const name = attribute("name");
    const pass = () => {
      tally.passed++;
      const file = attribute("file");
      tally.names.push(`${file} › ${name}`);
      // Of the describe() around it, which a table of cases is named by.
      const group = attribute("classname");
      const line = `${file} › ${group}${groupMark}`;
      if (group !== "" && tally.names.at(-2) !== line) tally.names.push(line);
    };
    if (empty !== undefined) pass();
    else if (body.includes("<skipped")) {
      const [title = name, reason] = name.split(skipMarker);
      tally.skipped.push({ name: title, reason: reason?.replace(/\]$/, "") ?? "no reason given" });
    } else if (body.includes("<failure") || body.includes("<error")) tally.failed++;
    else pass();
  }
}

const filesOf = (tier: Tier): string[] =>
  tier.folders
    .filter((folder) => existsSync(join(project, folder)))
    .flatMap((folder) => [...new Bun.Glob(`${folder}/**/*.test.ts`).scanSync(project)]);

async function runBun(tier: Tier, tally: Tally): Promise<void> {
  const files = filesOf(tier)
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
  if (files.length === 0) return;
  const report = join(run.directory, `${tier.name}.xml`);
  const child = Bun.spawn(
    [
      bun,
      "test",
      ...(tier.workers > 1 && files.length > 1 ? [`--parallel=${tier.workers}`] : []),
      ...[
        `--timeout=${tier.timeoutMs ?? 60_000}`,
        "--only-failures",
        "--reporter=junit",
        `--reporter-outfile=${report}`,
      ],
      ...files.map((file) => `./${file}`),
    ],
    {
      cwd: project,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        ...run.environment,
        ...(flags.runtime === undefined ? {} : { RUNTIME: flags.runtime }),
      },
    },
  );
  const status = await child.exited;
  const failedBefore = tally.failed;
  if (existsSync(report)) readJunit(readFileSync(report, "utf8"), tally);
  // A file that does not load, or an error outside any test, is in no test case.
  if (status !== 0 && tally.failed === failedBefore) tally.failed++;
}

async function runZig(tally: Tally): Promise<void> {
  if (filters.length > 0 || !existsSync(join(project, "build.zig"))) return;
  const child = Bun.spawn([join(project, "node_modules/.bin/zig"), "build", "test", "--summary", "all"], {
    cwd: project,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const output = await new Response(child.stderr).text();
  const status = await child.exited;
  const summary = /Build Summary:.*/.exec(output)?.[0] ?? "";
  const count = (pattern: RegExp) => Number(pattern.exec(summary)?.[1] ?? 0);
  const failed = count(/(\d+) (?:tests )?failed/);
  tally.passed += count(/(\d+)\/\d+ tests passed/);
  tally.failed += status !== 0 && failed === 0 ? 1 : failed;
  const skipped = count(/(\d+) (?:tests )?skipped/);
  for (let index = 0; index < skipped; index++) {
    tally.skipped.push({ name: "Zig test", reason: "a Zig test that cannot run here (see its source)" });
  }
  console.log(status === 0 ? summary : output);
}

/** What can be many thousands, for a person to read. */
function inShort(lines: readonly string[], shownMax = 40): string[] {
  const more = lines.length - shownMax;
  return more > 0 ? [...lines.slice(0, shownMax), `… ${more} more`] : [...lines];
}

function printSkips(skipped: Tally["skipped"]): void {
  const byReason = Map.groupBy(skipped, (skip) => skip.reason);
  if (byReason.size > 0) console.log("\nSkipped:");
  for (const [reason, skips] of byReason) {
    const names = skips.slice(0, 3).map((skip) => skip.name);
    const more = skips.length > names.length ? `, … ${skips.length - names.length} more` : "";
    console.log(`  ${skips.length} × ${reason}: ${names.join("; ")}${more}`);
  }
}

const allFiles = chosenTiers().flatMap(filesOf);
// A filter that meets nothing must not be taken for tests that pass.
const unmet = filters.find((filter) => !allFiles.some((file) => file.includes(filter)));
if (unmet !== undefined) throw new Error(`${unmet}: no test file of these tiers has this in its path`);

// Not before the words of the command are known to be right.
const swept = await sweepDeadRuns();
if (swept.length > 0) console.log(`Removed, of runs that were killed:\n  ${inShort(swept).join("\n  ")}`);
const run = await Run.begin();

const total: Tally = { passed: 0, names: [], failed: 0, skipped: [] };
for (const tier of chosenTiers()) {
  const tally: Tally = { passed: 0, names: [], failed: 0, skipped: [] };
  console.log(`\n── ${tier.name} ${"─".repeat(Math.max(0, 70 - tier.name.length))}`);
  if (tier.name === "zig") await runZig(tally);
  else await runBun(tier, tally);
  total.passed += tally.passed;
  total.names.push(...tally.names);
  total.failed += tally.failed;
  total.skipped.push(...tally.skipped);
}

const leaked = await run.end();
if (leaked.length > 0) {
  console.log(`\nLeft behind by the tests:\n  ${inShort(leaked).join("\n  ")}`);
  total.failed++;
}
// What another runtime passes shows nothing of bunc.
if (flags.runtime === undefined) recordPassed(total.names);
printSkips(total.skipped);
if (total.skipped.some(({ reason }) => reason === noImage)) {
  console.log(
    `\nWARNING: dist/bunc has no image, so only the normal start was tested; bun build.ts says why`,
  );
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
