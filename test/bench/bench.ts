/**
 * `npm run bench`: bunc against every other runtime on PATH, in one run, on the same bundle.
 *
 *   bun test/bench/bench.ts [--rounds=N] [--containers=N] [--only=WORK,…] [--json=FILE] [--pure-v2]
 *
 * The runtimes take turns within each round, so that a change of the machine's speed meets them all, and before each
 * command the machine is left alone for a moment: what the kernel still does for the container before (its network
 * namespace, RCU grace periods) is not counted to the next one. Times are wall clock medians of the whole command
 * as a client waits for it; read them as ratios.
 *
 * crun refuses a hybrid host whose cgroup2 hierarchy has a controller. `--pure-v2` compares all of them in a mount
 * namespace where /sys/fs/cgroup is that hierarchy alone.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { probePath } from "../harness/probe.ts";
import { bareEnvironment, findRuntime, type Runtime } from "../harness/runtime.ts";
import { type Bundle, Sandbox } from "../harness/sandbox.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "25" },
    containers: { type: "string", default: "200" },
    only: { type: "string" },
    json: { type: "string" },
    "pure-v2": { type: "boolean", default: false },
  },
});

if (flags["pure-v2"]) {
  const { exitCode } = Bun.spawnSync(
    [
      ...["unshare", "--mount", "sh", "-c"],
      'umount --recursive /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"',
      ...["sh", process.execPath, import.meta.path],
      ...process.argv.slice(2).filter((argument) => argument !== "--pure-v2"),
    ],
    { stdio: ["inherit", "inherit", "inherit"] },
  );
  process.exit(exitCode);
}

function positive(name: "rounds" | "containers"): number {
  const value = Number(flags[name]);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`--${name}=${flags[name]}: expected a whole number of at least 1`);
  }
  return value;
}

const rounds = positive("rounds");
const containers = positive("containers");

const SETTLE_MS = 50;

/** One runtime with a state root of its own. */
class Contender {
  readonly box: Sandbox;
  readonly bundle: Bundle;
  readonly sleeper: Bundle;
  peakRssKib = 0;

  constructor(runtime: Runtime) {
    // On a tmpfs, as /run is on a host: what a file system on a disk costs is not the runtimes' to answer for.
    this.box = new Sandbox(runtime, existsSync("/dev/shm") ? "/dev/shm" : undefined);
    // The probe without actions does what true(1) does, as a static program.
    this.bundle = this.box.probe(["exit:0"]);
    this.sleeper = this.box.probe(["sleep"]);
  }

  get name(): string {
    return this.box.runtime.name;
  }

  /** Why it cannot run a container on this machine; null: it can. */
  refusal(): string | null {
    const args = ["run", "--bundle", this.bundle.directory, this.box.id()];
    const { exitCode, stderr } = Bun.spawnSync(this.box.commandLine(args), { env: bareEnvironment });
    return exitCode === 0 ? null : stderr.toString().trim();
  }

  /** Runs one command to its end. → milliseconds of wall clock. */
  time(args: string[]): number {
    Bun.sleepSync(SETTLE_MS);
    const measured = Bun.spawnSync([probePath(), "measure", ...this.box.commandLine(args)], {
      cwd: this.bundle.directory,
      env: bareEnvironment,
    });
    const [{ status, wallNs, maxRssKib }] = JSON.parse(measured.stdout.toString());
    if (status !== 0) throw new Error(`${this.name} ${args.join(" ")}: status ${status}`);
    if (args[0] === "run") this.peakRssKib = Math.max(this.peakRssKib, maxRssKib);
    return wallNs / 1e6;
  }
}

interface Work {
  name: string;
  prepare?: (contender: Contender) => void;
  /** → milliseconds. */
  measure: (contender: Contender) => number;
  rounds?: number;
}

const running = (contender: Contender) => `${contender.box.name}-running`;

const works: Work[] = [
  { name: "--version", measure: (contender) => contender.time(["--version"]) },
  {
    name: "run true",
    measure: (contender) =>
      contender.time(["run", "--bundle", contender.bundle.directory, contender.box.id()]),
  },
  {
    name: "create + start + delete -f",
    measure: (contender) => {
      const id = contender.box.id();
      return (
        contender.time(["create", "--bundle", contender.sleeper.directory, id]) +
        contender.time(["start", id]) +
        contender.time(["delete", "--force", id])
      );
    },
  },
  {
    name: "exec true",
    prepare: (contender) => {
      contender.time(["run", "--detach", "--bundle", contender.sleeper.directory, running(contender)]);
    },
    measure: (contender) => contender.time(["exec", running(contender), "/probe"]),
  },
  {
    name: "state",
    prepare: (contender) => {
      const id = running(contender);
      if (!existsSync(join(contender.box.root, id))) {
        contender.time(["run", "--detach", "--bundle", contender.sleeper.directory, id]);
      }
    },
    measure: (contender) => contender.time(["state", running(contender)]),
  },
  {
    name: `list of ${containers}`,
    prepare: (contender) => {
      for (let index = 0; index < containers; index++) {
        contender.time(["run", "--detach", "--bundle", contender.sleeper.directory, contender.box.id()]);
      }
    },
    measure: (contender) => contender.time(["list"]),
    rounds: Math.min(rounds, 15),
  },
];

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** PSS of the process that waits after create. */
function waitingPssKib(contender: Contender): number {
  const id = contender.box.id();
  contender.time(["create", "--bundle", contender.sleeper.directory, id]);
  const state = Bun.spawnSync(contender.box.commandLine(["state", id])).stdout.toString();
  const rollup = readFileSync(`/proc/${JSON.parse(state).pid}/smaps_rollup`, "utf8");
  contender.time(["delete", "--force", id]);
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]);
}

/** Beyond what any runtime needs. */
const LIMIT_MAX_KIB = 64 * 1024;
const LIMIT_STEP_KIB = 64;
/** One that starts by luck is not enough. */
const LIMIT_TRIES = 3;

/** The smallest memory limit, without swap, at which a static true(1) starts and ends well; null: there is none. */
function smallestMemoryLimitKib({ box }: Contender): number | null {
  const starts = (limitKib: number) => {
    const limit = limitKib * 1024;
    const bundle = box.probe(["exit:0"], (config) => {
      config.linux.resources = { ...config.linux.resources, memory: { limit, swap: limit } };
    });
    for (let attempt = 0; attempt < LIMIT_TRIES; attempt++) {
      const id = box.id();
      const { exitCode } = Bun.spawnSync(box.commandLine(["run", "--bundle", bundle.directory, id]), {
        env: bareEnvironment,
        timeout: 20_000,
      });
      if (exitCode === 0) continue;
      Bun.spawnSync(box.commandLine(["delete", "--force", id]), { env: bareEnvironment });
      return false;
    }
    return true;
  };
  let enough = LIMIT_MAX_KIB;
  if (!starts(enough)) return null;
  let tooSmall = 0;
  while (enough - tooSmall > LIMIT_STEP_KIB) {
    const middle = Math.ceil((enough + tooSmall) / 2 / LIMIT_STEP_KIB) * LIMIT_STEP_KIB;
    if (middle === enough) break;
    if (starts(middle)) enough = middle;
    else tooSmall = middle;
  }
  return enough;
}

type Row = { name: string; unit: string; values: (number | null)[] };

function print(contenders: Contender[], rows: Row[]): void {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  const column = 22;
  console.log(`\n${"".padEnd(width)}${contenders.map(({ name }) => name.padStart(column)).join("")}`);
  for (const { name, unit, values } of rows) {
    const first = values[0] ?? null;
    const cells = values.map((value, index) => {
      if (value === null) return "–".padStart(column);
      const shown = `${value.toFixed(unit === "ms" ? 1 : 0)} ${unit}`;
      const ratio = index === 0 || first === null ? "" : ` (${(value / first).toFixed(2)}×)`;
      return `${shown}${ratio}`.padStart(column);
    });
    console.log(`${name.padEnd(width)}${cells.join("")}`);
  }
  console.log(
    `\nMedians of ${rounds} rounds in turns; × is how many times ${contenders[0]?.name}'s value it is.`,
  );
}

async function compareRuntimes(): Promise<Row[]> {
  const contenders: Contender[] = [];
  for (const name of ["bunc", "runc", "crun", "youki"]) {
    const runtime = findRuntime(name);
    if (runtime === undefined) {
      console.log(`${name} is not installed, so it is not compared.`);
      continue;
    }
    const contender = new Contender(runtime);
    const refusal = contender.refusal();
    if (refusal === null) {
      contenders.push(contender);
    } else {
      console.log(`${name} runs no container here, so it is not compared: ${refusal}`);
      await contender.box.dispose();
    }
  }
  const wanted = flags.only?.split(",");
  const rows: Row[] = [];
  try {
    for (const work of works) {
      if (wanted !== undefined && !wanted.includes(work.name)) continue;
      const samples = new Map<Contender, number[]>();
      const failures = new Set<Contender>();
      const attempt = (contender: Contender, action: () => void) => {
        try {
          action();
        } catch (error) {
          failures.add(contender);
          console.log(`${work.name}: ${error instanceof Error ? error.message : error}`);
        }
      };
      for (const contender of contenders) attempt(contender, () => work.prepare?.(contender));
      for (let round = -2; round < (work.rounds ?? rounds); round++) {
        for (const contender of contenders) {
          if (failures.has(contender)) continue;
          attempt(contender, () => {
            const took = work.measure(contender);
            // The first two rounds fill the caches.
            if (round >= 0) samples.set(contender, [...(samples.get(contender) ?? []), took]);
          });
        }
      }
      const values = contenders.map((one) => (failures.has(one) ? null : median(samples.get(one) ?? [])));
      rows.push({ name: work.name, unit: "ms", values });
    }
    rows.push({
      name: "peak RSS of run",
      unit: "KiB",
      values: contenders.map((one) => one.peakRssKib || null),
    });
    rows.push({ name: "PSS waiting after create", unit: "KiB", values: contenders.map(waitingPssKib) });
    rows.push({
      name: "smallest memory limit",
      unit: "KiB",
      values: wanted === undefined ? contenders.map(smallestMemoryLimitKib) : contenders.map(() => null),
    });
    print(contenders, rows);
  } finally {
    for (const { box } of contenders) {
      const leaks = await box.dispose();
      if (leaks.length > 0) console.log(`left behind by ${box.runtime.name}:\n  ${leaks.join("\n  ")}`);
    }
  }
  return rows;
}

const rows = await compareRuntimes();
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(rows, null, 2)}\n`);

/** Benchmarks of one part of the core, which print their own tables. */
const parts = ["seccomp.ts"].map((name) => join(import.meta.dir, name)).filter((path) => existsSync(path));
for (const part of flags.only === undefined ? parts : []) {
  const child = Bun.spawn([process.execPath, part], { stdio: ["ignore", "inherit", "inherit"] });
  if ((await child.exited) !== 0) process.exitCode = 1;
}
