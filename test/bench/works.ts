/** The benchmark's measurements, one per row. */
import { readFileSync } from "node:fs";
import type { Edit } from "../harness/config.ts";
import type { Bundle } from "../harness/sandbox.ts";
import { profilePath } from "../seccomp/native.ts";
import type { Contender } from "./contender.ts";
import { type Measure, together } from "./measure.ts";

export interface Work {
  readonly name: string;
  readonly measure: (contender: Contender) => Measure;
  /** Called once for each contender, before the first round. */
  readonly prepare?: (contender: Contender) => void;
  /** At most this many rounds, for measurements that take long. */
  readonly roundsMax?: number;
  /** Whether its system calls are counted, by thread. */
  readonly counted?: boolean;
}

/** A measurement with a bundle that is made once for each contender. */
function runOf(name: string, edit: Edit, more: Partial<Work> = {}): Work {
  const bundles = new Map<Contender, Bundle>();
  return {
    name,
    prepare: (contender) => bundles.set(contender, contender.box.probe(["exit:0"], edit)),
    measure: (contender) => contender.measure(contender.runArgs(bundles.get(contender) ?? contender.bundle)),
    ...more,
  };
}

const dockerProfile: Edit = (config) => {
  config.linux["seccomp"] = JSON.parse(readFileSync(profilePath("docker"), "utf8"));
};

const atOnce = { runs: 200, processes: 8 };

/** xargs(1) starts the next as soon as one ends. */
const manyRuns = `seq ${atOnce.runs} | xargs -P ${atOnce.processes} -I NUMBER "$@" "$BENCH_ID-NUMBER"`;

function measureManyRuns(contender: Contender): Measure {
  const args = ["run", "--bundle", contender.bundle.directory];
  const wrapper = ["/usr/bin/env", `BENCH_ID=${contender.box.id()}`, "/bin/sh", "-c", manyRuns, "sh"];
  return contender.measure(args, { wrapper });
}

/** More running containers, in addition to those of earlier rows. */
function listOf(count: number): Work {
  return {
    name: `list of ${count}`,
    prepare: (contender) => {
      const { running } = contender;
      const there = contender.quietly(["list", "--quiet"]).stdout.toString().trim().split("\n");
      if (!there.includes(running)) throw new Error(`${contender.name}: ${running} is not listed`);
      for (let index = there.length; index < count; index++) {
        contender.measure(contender.runArgs(contender.sleeper, "--detach"));
      }
    },
    measure: (contender) => contender.measure(["list"]),
    roundsMax: count > 1 ? 10 : Number.POSITIVE_INFINITY,
  };
}

const repeated = (count: number, text: string) => Array.from({ length: count }, (_, index) => text + index);

const withMounts = (count: number): Edit => {
  return (config) => {
    for (const destination of repeated(count, "/mounts/")) {
      config.mounts.push({ destination, type: "tmpfs", source: "tmpfs", options: ["size=4k"] });
    }
  };
};

/** A string of the environment may be at most 128 KiB long: execve(2). */
const withEnvironment = (kib: number): Edit => {
  return (config) => {
    config.process.env.push(...repeated(kib, "V").map((name) => `${name}=${"x".repeat(1000)}`));
  };
};

const withConfigOf = (mib: number): Edit => {
  return (config) => {
    config.annotations = Object.fromEntries(
      repeated(mib * 10, "org.example.bench.").map((key) => [key, "x".repeat(100 * 1024)]),
    );
  };
};

export const works: readonly Work[] = [
  { name: "--version", counted: true, measure: (contender) => contender.measure(["--version"]) },
  { name: "state", counted: true, measure: (contender) => contender.measure(["state", contender.running]) },
  {
    name: "kill 0",
    counted: true,
    measure: (contender) => contender.measure(["kill", contender.running, "0"]),
  },
  {
    name: "run",
    counted: true,
    measure: (contender) => contender.measure(contender.runArgs(contender.bundle)),
  },
  runOf("run with Docker's seccomp profile", dockerProfile, { counted: true }),
  {
    name: "create + start + delete",
    measure: (contender) => {
      const id = contender.box.id();
      return together([
        contender.measure(["create", "--bundle", contender.sleeper.directory, id]),
        contender.measure(["start", id]),
        contender.measure(["delete", "--force", id]),
      ]);
    },
  },
  {
    name: "exec",
    counted: true,
    measure: (contender) => contender.measure(["exec", contender.running, "/probe"]),
  },
  {
    name: "exec with a terminal",
    measure: (contender) =>
      contender.measure(["exec", "--tty", contender.running, "/probe", "exit:0"], { terminal: true }),
  },
  { name: `${atOnce.runs} runs (${atOnce.processes} at a time)`, measure: measureManyRuns, roundsMax: 3 },
  ...[10, 100, 1000].map((count) =>
    runOf(`run with ${count} mounts`, withMounts(count), { roundsMax: count > 100 ? 3 : 10 }),
  ),
  ...[64, 1024].map((kib) =>
    runOf(`run with ${kib} KiB of environment`, withEnvironment(kib), { roundsMax: 10 }),
  ),
  ...[1, 10].map((mib) => runOf(`run with a config.json of ${mib} MiB`, withConfigOf(mib), { roundsMax: 5 })),
  ...[1, 200, 1000].map(listOf),
];
