/**
 * `npm run test:oci`: the Open Container Initiative's validation programs on bunc in the guest, compared with runc.
 *
 *   bun test/judges/oci.ts [--runtime=bunc|runc|PATH] [--verbose] [PROGRAM…]
 *
 * `--runtime=runc` records what the guest's runc passes in oci-results.json. The status is 1 if runc passes a test that bunc
 * does not, except those in justified.ts.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { guestUnavailable } from "../vm/guest.ts";
import { compare, reportLines } from "./compare.ts";
import { justifiedOci } from "./justified.ts";
import { ociSuite, programs } from "./oci-suite.ts";
import { inGuest, type Place } from "./place.ts";
import { type Outcome, record, recorded } from "./results.ts";
import { runtimeIn } from "./selection.ts";
import { parseTap, type Verdict } from "./tap.ts";

const project = join(import.meta.dir, "../..");
const programTimeoutMs = 300_000;
const chancesMax = 3;
const way = "guest-cgroupfs";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string", default: "bunc" },
    verbose: { type: "boolean", default: false },
  },
});

/** Tests of the same name are distinguished by number; the program's exit status counts as another test. */
async function runProgram(place: Place, runtime: string, program: string): Promise<Record<string, Verdict>> {
  const script = 'cd "$1" && TMPDIR="$2" RUNTIME="$3" "./validation/$4" </dev/null';
  const args = [place.path("suite"), place.scratch, runtime, program];
  const { output, exitCode } = await place.run(script, args, programTimeoutMs);
  const verdicts: Record<string, Verdict> = {};
  for (const { name, verdict } of parseTap(output).tests) {
    let unique = name;
    for (let number = 2; unique in verdicts; number++) unique = `${name} (${number})`;
    verdicts[unique] = verdict;
  }
  verdicts["the program ends with status 0"] = exitCode === 0 ? "pass" : "fail";
  if (flags.verbose && Object.values(verdicts).includes("fail"))
    console.log(`${program}:\n${output.trimEnd()}`);
  return verdicts;
}

async function run(place: Place): Promise<number> {
  const { path } = runtimeIn("guest", flags.runtime, project);
  const runtime = place.path(path);
  const version = (await place.run(`${runtime} --version`, [], programTimeoutMs)).output.split("\n")[0] ?? "";
  const all = programs(suite);
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown}: no such program; there are ${all.join(", ")}`);
  const known: Outcome = flags.runtime === "bunc" ? (recorded("oci", way)?.files ?? {}) : {};
  const outcome: Record<string, Record<string, Verdict>> = {};
  const queue = (positionals.length > 0 ? positionals : all).values();
  // Some programs wait for seconds, so two run at once: the guest has two processors.
  const worker = async () => {
    for (const program of queue) {
      let verdicts = await runProgram(place, runtime, program);
      for (let chance = 1; chance < chancesMax && lost(known, program, verdicts).length > 0; chance++) {
        verdicts = await runProgram(place, runtime, program);
      }
      outcome[program] = verdicts;
    }
  };
  await Promise.all([worker(), worker()]);
  if (flags.runtime !== "bunc") {
    record("oci", way, version, outcome);
    return 0;
  }
  const comparison = compare(known, outcome, justifiedOci);
  console.log(reportLines(`OCI (${way})`, recorded("oci", way)?.runc ?? "runc", comparison).join("\n"));
  return comparison.lost.length;
}

const lost = (runc: Outcome, program: string, verdicts: Readonly<Record<string, Verdict>>) =>
  compare(runc, { [program]: verdicts }, justifiedOci).lost;

const reason = existsSync(join(project, "dist/bunc"))
  ? guestUnavailable()
  : "dist/bunc is not built: npm run build";
if (reason !== undefined) {
  console.log(`skip: OCI's validation suite: ${reason}`);
  process.exit(0);
}
const suite = await ociSuite();
const count = await inGuest({ ...runtimeIn("guest", flags.runtime, project).share, suite }, run);
console.log(`\n${count} lost`);
if (count > 0) process.exitCode = 1;
