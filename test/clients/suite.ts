/**
 * `npm run test:clients`: Docker, containerd, Podman and Buildah in the test machine, on bunc and on Debian's runc.
 *
 *   bun test/clients/suite.ts [--only=TEXT,…] [--part=K/N] [--runtime=bunc|runc] [--verbose]
 *
 * `--only` runs the checks whose "client: group: name" contains one of the texts, and measures the latency if one of them
 * is "latency"; `--part` selects every Nth group, starting with the Kth (1 to N). A full run rewrites
 * docs/CONFORMANCE-clients.md; any other run updates the rows that it ran. A failing check is repeated, at most twice. The
 * status is 1 if bunc fails a check that runc passes, in this run or in its last, or that only bunc promises; with CI=true
 * also if a check has no result to be compared with.
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { latencyTable, measureLatency } from "../bench/clients.ts";
import { partOf } from "../harness/part.ts";
import { type Guest, GuestTimeoutError, guestUnavailable, withGuest } from "../vm/guest.ts";
import {
  type Check,
  difference,
  type Group,
  type Outcome,
  prelude,
  type RuntimeName,
  runtimes,
} from "./check.ts";
import { groups } from "./groups.ts";
import { conformancePage, counts, type Verdict, verdict } from "./report.ts";
import { forgetOthers, remember } from "./results.ts";

const project = join(import.meta.dir, "../..");
const defaultTimeoutMs = 180_000;
/** Two checks run at once: the guest has two processors, and a client waits more than it works. */
const checksAtOnce = 2;
const repetitions = 2;

const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    part: { type: "string", default: "1/1" },
    runtime: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});

const everything = flags.only === undefined && flags.part === "1/1";

const wanted = (group: Group, check: Check) =>
  flags.only === undefined ||
  flags.only.split(",").some((text) => `${group.client}: ${group.name}: ${check.name}`.includes(text));

const chosen = partOf(flags.part, groups)
  .map((group) => ({ ...group, checks: group.checks.filter((check) => wanted(group, check)) }))
  .filter((group) => group.checks.length > 0);

/**
 * Puts into `directory` what the suite needs in the guest: the executable, the files for a root file system, the stream
 * client with Bun, and the files that the groups name.
 */
async function fillShare(directory: string): Promise<void> {
  for (const path of ["dist/bunc", "node_modules/.bin/bun"]) {
    mkdirSync(join(directory, dirname(path)), { recursive: true });
    copyFileSync(join(project, path), join(directory, path));
  }
  for (const name of ["guest-image.sh", "stream.ts"])
    copyFileSync(join(import.meta.dir, name), join(directory, name));
  for (const { share } of chosen) {
    if (share !== undefined)
      cpSync(await share.directory(), join(directory, share.name), { recursive: true });
  }
}

const versions = [
  "uname -r",
  "docker --version",
  "containerd --version | cut -d' ' -f3",
  "podman --version",
  "conmon --version | head -n 1",
  "runc --version | head -n 1",
  "crun --version | head -n 1",
].join("; ");

let serial = 0;

/** Runs a check, then the group's cleanup, whatever the result. */
async function runCheck(guest: Guest, group: Group, check: Check): Promise<Outcome> {
  const started = Date.now();
  const name = `c${++serial}x`;
  const head = `${prelude}\nexport C=${name}\ncd /tmp\nif [ -e /scratch/environment ]; then . /scratch/environment; fi\n`;
  const options = { cwd: "/", user: group.rootless === true };
  let reason: string | undefined;
  try {
    const script = `exec 2>&1\n${head}\n${check.script}`;
    const result = await guest.run(["bash", "-c", script], {
      ...options,
      timeoutMs: check.timeoutMs ?? defaultTimeoutMs,
    });
    const output = result.stdout.replaceAll("\r", "");
    const differs = difference(check, result.exitCode, output);
    if (differs !== undefined)
      reason = `${differs}, got status ${result.exitCode} and ${JSON.stringify(output.slice(-1500))}`;
  } catch (error) {
    if (!(error instanceof GuestTimeoutError)) throw error;
    reason = error.message;
  }
  // Processes without the check's name end with the script.
  if (check.script.includes("$C"))
    await guest.run(["bash", "-c", `${head}\n${group.cleanup}`], { ...options, timeoutMs: defaultTimeoutMs });
  return {
    passed: reason === undefined,
    seconds: (Date.now() - started) / 1000,
    ...(reason ? { reason } : {}),
  };
}

function report(runtime: RuntimeName, check: Check, outcome: Outcome, remark = ""): void {
  if (outcome.passed && remark === "" && !flags.verbose) return;
  const word = outcome.passed ? "pass" : "fail";
  console.log(
    `  ${runtime} ${word}${remark} ${check.name} (${outcome.seconds.toFixed(1)} s) ${outcome.reason ?? ""}`,
  );
}

async function runGroup(guest: Guest, group: Group, runtime: RuntimeName): Promise<void> {
  const setup = `exec 2>&1\nrm -f /scratch/environment\n${prelude}\n${group.setup(runtime)}`;
  const ready = await guest.run(["bash", "-c", setup], { cwd: "/", timeoutMs: defaultTimeoutMs });
  if (ready.exitCode !== 0)
    console.log(`  set-up for ${runtime} failed (${ready.exitCode}): ${ready.stdout}`);
  const queue = group.checks.values();
  const failed: Check[] = [];
  const worker = async () => {
    for (const check of queue) {
      const outcome = await runCheck(guest, group, check);
      report(runtime, check, outcome);
      if (outcome.passed) remember(group, runtime, check, { passed: true, repeated: false });
      else failed.push(check);
    }
  };
  // Checks that restart a client would disturb checks that run at the same time.
  const alone = group.checks.some(({ script }) => script.includes("systemctl"));
  await Promise.all(Array.from({ length: alone ? 1 : checksAtOnce }, worker));
  // An emulated guest on a busy host is sometimes slow, so a failed check gets two more tries, alone, and the page says so.
  for (const check of failed) {
    let passed = false;
    for (let chance = 0; chance < repetitions && !passed; chance++) {
      const outcome = await runCheck(guest, group, check);
      report(runtime, check, outcome, ", repeated");
      passed = outcome.passed;
    }
    remember(group, runtime, check, { passed, repeated: true });
  }
  if (group.teardown !== undefined) await guest.run(["bash", "-c", group.teardown], { cwd: "/" });
}

/** The groups that need not run again if the suite gets another guest. */
const ended = new Set<Group>();

async function suite(guest: Guest): Promise<number> {
  await guest.output(["sh", "/project/guest-image.sh"], { cwd: "/" });
  for (const group of chosen.filter((group) => !ended.has(group))) {
    console.log(`── ${group.client}: ${group.name} (${group.checks.length})`);
    for (const runtime of runtimes) {
      const checks = group.checks.filter(({ buncOnly }) => runtime === "bunc" || buncOnly !== true);
      if (checks.length > 0 && (flags.runtime ?? runtime) === runtime)
        await runGroup(guest, { ...group, checks }, runtime);
    }
    console.log(`  ${counts([group])}`);
    ended.add(group);
  }
  if (everything) forgetOthers(groups);
  await writePage(guest);
  console.log(`\n${counts(chosen)}`);
  const bad: Verdict[] = process.env["CI"] === "true" ? ["FAIL", "not compared"] : ["FAIL"];
  const failed = chosen.flatMap((group) =>
    group.checks
      .filter((check) => bad.includes(verdict(group, check)))
      .map((check) => `${verdict(group, check)} ${group.client}: ${group.name}: ${check.name}`),
  );
  for (const line of failed) console.log(line);
  return failed.length === 0 ? 0 : 1;
}

/** A full run measures the latency; other runs keep the table on the page. */
async function writePage(guest: Guest): Promise<void> {
  const page = join(project, "docs/CONFORMANCE-clients.md");
  const before = existsSync(page) ? readFileSync(page, "utf8") : "";
  const known = /## Start latency\n\n([\s\S]*?)\n\n/.exec(before)?.[1];
  const measured = everything || flags.only?.split(",").includes("latency") === true;
  const latency = measured ? latencyTable(await measureLatency(guest)) : (known ?? "Not measured yet.");
  if (measured) console.log(latency);
  writeFileSync(
    page,
    conformancePage(groups, await guest.output(["sh", "-c", versions], { cwd: "/" }), latency),
  );
}

const reason = existsSync(join(project, "dist/bunc"))
  ? guestUnavailable()
  : "dist/bunc is not built: npm run build";
if (reason !== undefined) {
  console.log(`skip: the client suite: ${reason}`);
} else {
  const share = mkdtempSync(join(tmpdir(), "bunc-clients-"));
  try {
    await fillShare(share);
    process.exitCode = await withGuest("clients", suite, { share });
  } finally {
    rmSync(share, { recursive: true, force: true });
  }
}
