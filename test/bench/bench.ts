/**
 * `npm run bench`: compares bunc with runc, crun and youki, in one run, on the same bundles.
 *
 *   bun test/bench/bench.ts [--rounds=N] [--only=WORK,…] [--installed] [--json=FILE] [--history]
 *
 * runc and crun are Debian sid's, unless the host's are at least as new; `--installed` uses those on PATH. The runtimes
 * alternate within each round, so that a change of the machine's speed affects them all. Times are wall clock medians of
 * the whole command as a client waits for it; read them as ratios. Page faults, system calls, instructions and memory
 * hardly depend on the machine's speed. `--history` appends the ratios to a file under version control.
 *
 * It runs in a mount namespace whose /sys/fs/cgroup is only a cgroup2: crun refuses a hybrid host whose cgroup2
 * hierarchy has a controller.
 */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../harness/project.ts";
import { Contender } from "./contender.ts";
import { type Floor, measureFloor } from "./floor.ts";
import { keepCounting, type Measure } from "./measure.ts";
import { smallestMemoryLimitKib, waitingInitKib, waitingRunKib } from "./memory.ts";
import { contenders as foundRuntimes, versionOf } from "./runtimes.ts";
import { sizeRows } from "./size.ts";
import { countCalls, straceMissing } from "./system-calls.ts";
import { median, type Row, tableLines } from "./table.ts";
import { type Work, works } from "./works.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "25" },
    only: { type: "string" },
    installed: { type: "boolean", default: false },
    json: { type: "string" },
    history: { type: "boolean", default: false },
  },
});

const isInside = "BUNC_BENCH_INSIDE";
if (process.env[isInside] === undefined) {
  const script = 'umount --recursive /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"';
  const { exitCode } = Bun.spawnSync(
    ["unshare", "--mount", "sh", "-c", script, "sh", process.execPath, ...process.argv.slice(1)],
    { stdio: ["inherit", "inherit", "inherit"], env: { ...process.env, [isInside]: "1" } },
  );
  process.exit(exitCode);
}

const rounds = Number(flags.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  throw new Error(`--rounds=${flags.rounds}: expected a whole number of at least 1`);
}
const chosen = flags.only?.split(",");
const choices = [...works.map(({ name }) => name), "memory"];
const unknown = chosen?.find((name) => !choices.includes(name));
if (unknown !== undefined) throw new Error(`--only=${unknown}: accepted are ${choices.join(", ")}`);
const isChosen = (name: string) => chosen === undefined || chosen.includes(name);

/** The first rounds fill the caches. */
const warmUpRounds = 2;

interface Tables {
  readonly times: Row[];
  readonly processors: Row[];
  readonly faults: Row[];
  readonly calls: Row[];
  readonly instructions: Row[];
  readonly memory: Row[];
  readonly size: Row[];
}

class Comparison {
  readonly contenders: readonly Contender[];
  floor: Floor | null = null;
  readonly tables: Tables = {
    times: [],
    processors: [],
    faults: [],
    calls: [],
    instructions: [],
    memory: [],
    size: [],
  };

  constructor(contenders: readonly Contender[]) {
    this.contenders = contenders;
  }

  /** A failure is printed, and gives no value. */
  attempt<T>(work: string, action: () => T): T | null {
    try {
      return action();
    } catch (error) {
      console.log(`${work}: ${error instanceof Error ? error.message : error}`);
      return null;
    }
  }

  measure(work: Work): void {
    const able = new Set(this.contenders);
    const prepare = work.prepare;
    if (prepare !== undefined) {
      for (const one of able) {
        if (this.attempt(work.name, () => prepare(one) ?? true) === null) able.delete(one);
      }
    }
    const samples = new Map<Contender, Measure[]>(this.contenders.map((one) => [one, []]));
    const last = Math.min(rounds, work.roundsMax ?? rounds);
    for (let round = -warmUpRounds; round < last; round++) {
      for (const one of able) {
        const took = this.attempt(work.name, () => work.measure(one));
        if (took === null) able.delete(one);
        else if (round >= 0) samples.get(one)?.push(took);
      }
    }
    const medians = (of: (measure: Measure) => number | undefined) =>
      this.contenders.map((one) => {
        const values = (samples.get(one) ?? []).flatMap((measure) => of(measure) ?? []);
        return able.has(one) && values.length > 0 ? median(values) : null;
      });
    const { name } = work;
    this.tables.times.push({ name, unit: "ms", values: medians(({ wallMs }) => wallMs) });
    this.tables.processors.push({ name, unit: "ms", values: medians(({ cpuMs }) => cpuMs) });
    this.tables.faults.push({ name, unit: "", values: medians(({ faults }) => faults) });
    const instructions = medians(({ userInstructions }) => userInstructions);
    if (instructions.some((value) => value !== null)) {
      this.tables.instructions.push({ name, unit: "", values: instructions });
    }
    if (name === "run") {
      this.tables.memory.push({
        name: "peak RSS of run",
        unit: "KiB",
        values: medians(({ peakRssKib }) => peakRssKib),
      });
    }
    if (work.counted === true && straceMissing() === null) this.countCalls(work, able);
  }

  /** Measured once: the number of calls of a command hardly varies. */
  private countCalls({ name, measure }: Work, able: ReadonlySet<Contender>): void {
    const parts = this.contenders.map((one) => {
      if (!able.has(one)) return [];
      const counted = this.attempt(name, () =>
        countCalls((wrapper) => {
          one.through = wrapper;
          try {
            measure(one);
          } finally {
            one.through = [];
          }
        }),
      );
      return counted ?? [];
    });
    const values = parts.map((counts) =>
      counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0),
    );
    this.tables.calls.push({ name, unit: "", values, parts });
  }

  async measureMemory(): Promise<void> {
    const { memory } = this.tables;
    const row = (name: string, values: (number | null)[]) => memory.push({ name, unit: "KiB", values });
    row(
      "private memory of a waiting init",
      this.contenders.map((one) => this.attempt("waiting init", () => waitingInitKib(one))),
    );
    const runs: (number | null)[] = [];
    for (const one of this.contenders) {
      runs.push(
        await waitingRunKib(one).catch((error) => {
          console.log(`waiting run: ${error.message}`);
          return null;
        }),
      );
    }
    row("private memory of a waiting run", runs);
    row(
      "smallest memory limit",
      this.contenders.map((one) => this.attempt("memory limit", () => smallestMemoryLimitKib(one))),
    );
  }
}

async function compare(): Promise<Comparison> {
  const able: Contender[] = [];
  for (const runtime of await foundRuntimes(!flags.installed)) {
    const contender = new Contender(runtime);
    const refusal = contender.refusal();
    if (refusal === null) {
      able.push(contender);
      continue;
    }
    console.log(`${runtime.name} runs no container here, so it is not compared: ${refusal}`);
    await contender.box.dispose();
  }
  const comparison = new Comparison(able);
  const stopCounting = keepCounting();
  try {
    for (const work of works) {
      if (isChosen(work.name)) comparison.measure(work);
    }
    const [first] = able;
    if (first !== undefined) {
      const isCounted = straceMissing() === null;
      comparison.floor = comparison.attempt("floor", () => measureFloor(first, rounds, isCounted));
    }
    if (isChosen("memory")) await comparison.measureMemory();
    if (chosen === undefined) {
      comparison.tables.size.push(...sizeRows(able.map(({ box }) => box.runtime.path)));
    }
  } finally {
    await stopCounting();
    for (const { box } of able) {
      const leaks = await box.dispose();
      if (leaks.length > 0) console.log(`left behind by ${box.runtime.name}:\n  ${leaks.join("\n  ")}`);
    }
  }
  return comparison;
}

const { contenders, tables, floor } = await compare();
const names = contenders.map(({ name }) => name);
for (const { box } of contenders) console.log(versionOf(box.runtime));
const missing = straceMissing();
if (missing !== null) console.log(missing);
if (tables.instructions.length === 0) console.log("This machine does not count instructions.");
const titles: Record<keyof Tables, string> = {
  times: "wall clock",
  processors: "CPU time, all processes",
  faults: "page faults, all processes",
  calls: "system calls, all processes",
  instructions: "user instructions",
  memory: "memory",
  size: "size",
};
for (const [key, title] of Object.entries(titles) as [keyof Tables, string][]) {
  if (tables[key].length > 0) console.log(`\n${tableLines(title, names, tables[key]).join("\n")}`);
}
if (floor !== null) {
  const { wallMs, cpuMs, faults, systemCalls } = floor;
  const calls = systemCalls === undefined ? "" : `, ${systemCalls} system calls`;
  const times = `${wallMs.toFixed(1)} ms, ${cpuMs.toFixed(1)} of them of the processor`;
  console.log(`\nThe kernel's part of run alone: ${times}; ${faults} page faults${calls}.`);
}
console.log(
  `\nMedians of at most ${rounds} alternating rounds; (×) is ${names[0]}'s value divided by that one.`,
);

if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(tables, null, 2)}\n`);
if (flags.history) {
  const path = join(projectRoot, "test/bench/history/ratios.jsonl");
  mkdirSync(dirname(path), { recursive: true });
  const commit = Bun.spawnSync(["git", "rev-parse", "--short", "HEAD"], { cwd: projectRoot });
  const versions = contenders.slice(1).map(({ box }) => versionOf(box.runtime));
  const ratios = Object.fromEntries(
    (Object.keys(titles) as (keyof Tables)[]).map((key) => [key, ratiosOf(tables[key])]),
  );
  const entry = {
    date: new Date().toISOString(),
    commit: commit.stdout.toString().trim(),
    versions,
    ...ratios,
  };
  appendFileSync(path, `${JSON.stringify(entry)}\n`);
}

/** Row → bunc's value divided by each of the others'. */
function ratiosOf(rows: readonly Row[]): Record<string, (number | null)[]> {
  return Object.fromEntries(
    rows.map(({ name, values: [ours = null, ...others] }) => [
      name,
      others.map((other) => (ours === null || !other ? null : Number((ours / other).toFixed(3)))),
    ]),
  );
}

/** Benchmarks of one part of the core, which print their own tables. */
const parts = ["seccomp.ts"].map((name) => join(import.meta.dir, name)).filter((path) => existsSync(path));
for (const part of chosen === undefined ? parts : []) {
  const child = Bun.spawn([process.execPath, part], { stdio: ["ignore", "inherit", "inherit"] });
  if ((await child.exited) !== 0) process.exitCode = 1;
}
