/**
 * `npm run test:bats`: runc's own integration suite on bunc, compared with what runc passes.
 *
 *   bun test/judges/bats.ts [--way=NAME,…] [--runtime=bunc|runc|PATH] [--part=K/N] [--verbose] [FILE…]
 *
 * Without `--way` all four. `--part` selects every Nth file, starting with the Kth (1 to N); a FILE is a name of the suite
 * such as `mounts`. Results of a runc of the suite's version are recorded in bats-results.json instead of compared; on a
 * host, PATH names its binary. The status is 1 if runc passes a test that bunc does not, except those in justified.ts.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { partOf } from "../harness/part.ts";
import { guestUnavailable } from "../vm/guest.ts";
import { batsSuite, suiteVersion } from "./bats-suite.ts";
import { type Comparison, compare, reportLines } from "./compare.ts";
import { justified } from "./justified.ts";
import { inGuest, onHost, type Place } from "./place.ts";
import { record, recorded } from "./results.ts";
import { runtimeIn } from "./selection.ts";
import { WayRun } from "./way-run.ts";
import { type WayName, wayNames, ways } from "./ways.ts";

const project = join(import.meta.dir, "../..");

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    way: { type: "string", default: wayNames.join(",") },
    runtime: { type: "string", default: "bunc" },
    part: { type: "string", default: "1/1" },
    verbose: { type: "boolean", default: false },
  },
});

function chosenWays(): WayName[] {
  return flags.way.split(",").map((text) => {
    const way = wayNames.find((name) => name === text);
    if (way === undefined) throw new Error(`--way=${text}: accepted are ${wayNames.join(", ")}`);
    return way;
  });
}

function chosenFiles(suite: string): string[] {
  const all = readdirSync(join(suite, "tests/integration"))
    .filter((name) => name.endsWith(".bats"))
    .map((name) => name.slice(0, -".bats".length))
    .sort();
  const wanted = positionals.map((name) => name.replace(/\.bats$/, ""));
  const unknown = wanted.find((name) => !all.includes(name));
  if (unknown !== undefined)
    throw new Error(`${unknown}: no such file of the suite; there are ${all.join(", ")}`);
  return partOf(flags.part, wanted.length > 0 ? wanted : all);
}

async function runWay(
  name: WayName,
  suite: string,
  files: readonly string[],
): Promise<Comparison | undefined> {
  const way = ways[name];
  const { path, share } = runtimeIn(way.place, flags.runtime, project);
  const judge = async (place: Place): Promise<Comparison | undefined> => {
    const run = new WayRun(name, way, place, place.path(path), flags.verbose);
    const version = await run.version();
    const ofSuite = `runc version ${suiteVersion(suite)}`;
    if (flags.runtime !== "bunc") {
      const wanted = version.startsWith(ofSuite);
      if (!wanted) console.log(`${name}: not recorded: the suite is of ${ofSuite}, this is ${version}`);
      // Recorded file by file, so that an interruption does not lose hours of an emulated guest.
      await run.everything(files, { onFile: (outcome) => wanted && record("bats", name, version, outcome) });
      return undefined;
    }
    const known = recorded("bats", name);
    if (known === undefined) {
      console.log(`${name}: not compared: runc has no record of this way; --runtime=runc makes it`);
      process.exitCode = 1;
      return undefined;
    }
    if (!known.runc.startsWith(ofSuite))
      console.log(
        `${name}: the suite is for runc ${ofSuite}, the record from ${known.runc}: record it again`,
      );
    const outcome = await run.everything(files, { runc: known.files });
    const comparison = compare(known.files, outcome, justified);
    console.log(reportLines(`${name} (${way.description})`, known.runc, comparison).join("\n"));
    return comparison;
  };
  const script = join(import.meta.dir, "run-bats.sh");
  return (way.place === "host" ? onHost : inGuest)({ ...share, suite, "run-bats.sh": script }, judge);
}

const reason = existsSync(join(project, "dist/bunc"))
  ? guestUnavailable()
  : "dist/bunc is not built: npm run build";
if (reason !== undefined) {
  console.log(`skip: runc's own suite: ${reason}`);
} else {
  const suite = await batsSuite();
  const files = chosenFiles(suite);
  // Each guest keeps one processor busy; the host's way runs alone.
  const chosen = chosenWays();
  const results: (Comparison | undefined)[] = [];
  if (chosen.includes("host")) results.push(await runWay("host", suite, files));
  const guests = chosen.filter((name) => ways[name].place === "guest").values();
  const worker = async () => {
    for (const name of guests) results.push(await runWay(name, suite, files));
  };
  await Promise.all([worker(), worker()]);
  const lost = results.reduce((sum, comparison) => sum + (comparison?.lost.length ?? 0), 0);
  if (flags.runtime === "bunc") console.log(`\n${lost} lost`);
  if (lost > 0) process.exitCode = 1;
}
