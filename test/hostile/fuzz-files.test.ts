/**
 * Damaged files and command lines: the executable succeeds, or reports one error. HOSTILE_SEED repeats a run; a failure shows
 * the input, which every later run then tries (corpus.ts).
 */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stringifyJson } from "../../src/oci/json.ts";
import { defaultConfig } from "../harness/config.ts";
import { damage, damageBytes } from "../harness/damage.ts";
import { cgroupsOf, killIfThere } from "../harness/leaks.ts";
import { watchOutside } from "../harness/outside.ts";
import { Report } from "../harness/probe.ts";
import { Random } from "../harness/random.ts";
import { buncOnly } from "../harness/requirements.ts";
import { type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { sealable } from "../harness/seal.ts";
import { unclean } from "./clean.ts";
import { keepInput, keptInputs } from "./corpus.ts";
import { tell } from "./results.ts";
import { rounds, seed, timeoutOf } from "./rounds.ts";

const count = rounds(25, 1000);

/** A document with one to three faults; one in four is damaged as text instead. */
function damagedText(document: unknown, random: Random): Uint8Array {
  const copy = structuredClone(document);
  for (let times = 1 + random.below(3); times > 0; times--) damage(copy, random);
  const text = new TextEncoder().encode(stringifyJson(copy));
  return random.chance(1, 4) ? damageBytes(text, random) : text;
}

/** → the input of a round: made by `damaged`, or kept in the corpus. */
type Input = (damaged: () => Uint8Array) => Uint8Array;

interface Target {
  readonly key: string;
  /** → the rounds: each yields its input, and what was wrong. */
  readonly prepare: (
    box: Sandbox,
    random: Random,
  ) => Promise<(input: Input) => Promise<readonly [input: Uint8Array, wrong: string | undefined]>>;
}

const shown = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Stands for the id of an existing container in a kept command line. */
const theContainer = "<container>";

const targets: readonly Target[] = [
  {
    key: "config.json",
    prepare: async (box, random) => {
      const bundle = box.probe(["exit:0"]);
      return async (input) => {
        const bytes = input(() => damagedText(defaultConfig(), random));
        bundle.writeRaw(bytes);
        const id = box.id();
        const result = await box.call(["run", "--bundle", bundle.directory, id]);
        const left = cgroupsOf(id).length > 0 || existsSync(`${box.root}/${id}`);
        // The damage may make it run something else, or on a terminal.
        return [bytes, left ? "something is left" : unclean(result, result.status === 0)];
      };
    },
  },
  {
    key: "process.json",
    prepare: async (box, random) => {
      const id = await box.started(box.probe(["sleep"]));
      const file = box.path("process.json");
      const process = { ...defaultConfig().process, args: ["/probe", "exit:0"] };
      return async (input) => {
        const bytes = input(() => damagedText(process, random));
        writeFileSync(file, bytes);
        const result = await box.call(["exec", "--process", file, id]);
        return [bytes, unclean(result)];
      };
    },
  },
  {
    key: "resources.json",
    prepare: async (box, random) => {
      const id = await box.started(box.probe(["sleep"]));
      const file = box.path("resources.json");
      const resources = {
        memory: { limit: 2 ** 26, swap: 2 ** 26, reservation: 2 ** 24 },
        cpu: { shares: 512, quota: 50_000, period: 100_000, cpus: "0", mems: "0" },
        pids: { limit: 100 },
        unified: { "pids.max": "50" },
        hugepageLimits: [{ pageSize: "2MB", limit: 0 }],
      };
      return async (input) => {
        const bytes = input(() => damagedText(resources, random));
        writeFileSync(file, bytes);
        const result = await box.call(["update", "--resources", file, id]);
        // It may be killed by a limit that the input sets.
        return [bytes, unclean(result)];
      };
    },
  },
  {
    key: "state.json",
    prepare: async (box, random) => {
      const seal = await box.seal();
      const bundle = box.probe(["sleep"]);
      return async (input) => {
        const id = await box.started(bundle);
        const { pid } = await box.state(id);
        const file = `${box.root}/${id}/state.json`;
        const bytes = input(() => damagedText(JSON.parse(readFileSync(file, "utf8")), random));
        writeFileSync(file, bytes);
        const wrong: string[] = [];
        for (const words of [["state", id], ["list"], ["ps", id], ["exec", id, "/probe", "exit:0"]]) {
          const what = unclean(await box.call(words), words[0] === "list");
          if (what !== undefined) wrong.push(`${words.join(" ")}: ${what}`);
        }
        const deleted = await box.call(["delete", "--force", id]);
        if (unclean(deleted) !== undefined) wrong.push(`delete: ${unclean(deleted)}`);
        if (existsSync(`${box.root}/${id}`)) wrong.push(`the state is left: ${deleted.stderr}`);
        killIfThere(pid);
        // If the state has lost the path, nothing shows that the cgroup was the container's.
        const text = shown(bytes);
        for (const path of cgroupsOf(id)) {
          if (text.includes(`"${seal.pathInside(path)}"`)) wrong.push(`the cgroup is left: ${path}`);
          await until("it is empty", () => Bun.spawnSync(["rmdir", path]).success || undefined);
        }
        return [bytes, wrong.length > 0 ? wrong.join("; ") : undefined];
      };
    },
  },
  {
    key: "command lines",
    prepare: async (box, random) => {
      const id = await box.started(box.probe(["sleep"]));
      const words = [
        ...[
          "state",
          "list",
          "ps",
          "events",
          "exec",
          "update",
          "pause",
          "resume",
          "kill",
          "features",
          "spec",
          "explain",
        ],
        ...[
          "--format",
          "json",
          "--stats",
          "--all",
          "--user",
          "--cwd",
          "--env",
          "--tty",
          "--detach",
          "--pid-file",
        ],
        ...[
          "--log",
          "--log-format",
          "--debug",
          "--root",
          "--help",
          "--version",
          "-",
          "--",
          "",
          "-1",
          "1e3",
          "=",
          "\u00fc",
          "x".repeat(5000),
        ],
        ...[
          "--memory",
          "--cpu-quota",
          "--process",
          "--bundle",
          "--console-socket",
          "--work-path",
          "--image-path",
          "KILL",
          "0",
          "/probe",
          "exit:0",
          "/nowhere",
          theContainer,
          theContainer,
        ],
      ];
      const directory = box.path("words");
      mkdirSync(directory);
      return async (input) => {
        const bytes = input(() => {
          const line = Array.from({ length: 1 + random.below(6) }, () => random.pick(words));
          return new TextEncoder().encode(JSON.stringify(line));
        });
        const given = JSON.parse(shown(bytes)) as string[];
        const line = given.map((word) => (word === theContainer ? id : word));
        // They run forever, or act on the caller's files.
        const endless = line.includes("events") && !line.includes("--stats");
        if (endless) line.push("--stats");
        const result = await box.call(line, { cwd: directory });
        return [
          bytes,
          unclean(
            result,
            line.includes("--log") ||
              line.includes("exec") ||
              line.includes("explain") ||
              line.includes("--debug"),
          ),
        ];
      };
    },
  },
  {
    key: "passwd file",
    prepare: async (box, random) => {
      const bundle = box.probe(["sleep"]);
      mkdirSync(`${bundle.rootfs}/etc`);
      const whole = new TextEncoder().encode(
        "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n",
      );
      const id = await box.started(bundle);
      return async (input) => {
        const bytes = input(() =>
          damageBytes(random.chance(1, 8) ? new Uint8Array(70_000).fill(0x3a) : whole, random),
        );
        writeFileSync(`${bundle.rootfs}/etc/passwd`, bytes);
        const result = await box.call(["exec", "--user", "1000:1000", id, "/probe", "self"]);
        if (result.status !== 0) return [bytes, unclean(result) ?? "it failed"];
        const { uids, env } = new Report(result.stdout).self;
        const homes = env.filter((entry) => entry.startsWith("HOME="));
        return [bytes, uids[0] === 1000 && homes.length === 1 ? undefined : `uid ${uids[0]}, ${homes}`];
      };
    },
  },
];

for (const { key, prepare } of targets) {
  scenario(
    `damaged: ${key}, HOSTILE_SEED=${seed}`,
    [...sealable, buncOnly],
    async (box) => {
      const added = watchOutside();
      // The paths that they name may be anywhere.
      await box.seal();
      const round = await prepare(box, new Random(seed));
      const wrong: string[] = [];
      for (const { name, bytes } of keptInputs(key)) {
        const [, what] = await round(() => bytes);
        if (what !== undefined) wrong.push(`${name}, which was kept: ${what}`);
      }
      for (let number = 0; number < count; number++) {
        const [bytes, what] = await round((damaged) => damaged());
        if (what === undefined) continue;
        const kept = keepInput(key, number, bytes);
        wrong.push(`round ${number}, kept as ${kept}: ${what}: ${shown(bytes).slice(0, 3000)}`);
      }
      expect(wrong).toEqual([]);
      expect(added()).toEqual([]);
      tell(key, { inputs: count });
    },
    timeoutOf(count),
  );
}
