/** Troubled and unusual hosts: every command reports at most one error, and nothing is left. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { leaksOf } from "../harness/leaks.ts";
import { buncOnly, command, root, timeNamespaces } from "../harness/requirements.ts";
import type { Result } from "../harness/runtime.ts";
import { type Bundle, type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { unclean } from "./clean.ts";
import { tell } from "./results.ts";
import { isLong, timeoutOf } from "./rounds.ts";

/**
 * Runs the runtime's command line in a private mount namespace, after `script`. The `limits` apply only to the command line.
 */
const inNamespace = ({ script = "", limits = "" }: Attempt) => [
  ...["unshare", "--mount", "--propagation", "private", "bash", "-c"],
  `${script}
(${limits}
exec "$@"); status=$?
"$0" --root "$ROOT" delete --force "$ID" 2>/dev/null
exit $status`,
];

interface Attempt {
  readonly what: string;
  readonly script?: string;
  readonly limits?: string;
}

/** Creates containers, and deletes those that could be created. */
async function creation(box: Sandbox, bundle: Bundle, attempt: Attempt): Promise<Result> {
  const id = box.id();
  const { what } = attempt;
  mkdirSync(box.root, { recursive: true });
  const wrapper = ["env", `ROOT=${box.root}`, `ID=${id}`, ...inNamespace(attempt), box.runtime.path];
  const result = await box.call(["create", "--bundle", bundle.directory, id], { wrapper });
  expect([what, unclean(result)]).toEqual([what, undefined]);
  await until(`nothing of ${id} is left`, () => leaksOf(id, []).length === 0 || undefined);
  return result;
}

async function creations(box: Sandbox, key: string, attempts: readonly Attempt[]): Promise<void> {
  const bundle = box.probe(["sleep"]);
  let refused = 0;
  for (const attempt of attempts) if ((await creation(box, bundle, attempt)).status !== 0) refused++;
  tell(key, { hosts: attempts.length, "refused with one record": refused });
  expect(refused).toBeGreaterThan(0);
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

scenario(
  "the state directory is full, or read-only",
  [root, buncOnly],
  async (box) => {
    await creations(box, "full state directory", [
      { what: "read-only", script: 'mount -t tmpfs -o ro t "$ROOT"' },
      ...numbers(1, isLong ? 12 : 6).map((inodes) => ({
        what: `${inodes} inodes`,
        script: `mount -t tmpfs -o nr_inodes=${inodes} t "$ROOT"`,
      })),
      ...numbers(1, isLong ? 12 : 4).map((blocks) => ({
        what: `${blocks} blocks`,
        script: `mount -t tmpfs -o nr_blocks=${blocks} t "$ROOT"`,
      })),
    ]);
  },
  timeoutOf(30),
);

scenario(
  "tiny limits",
  [root, buncOnly],
  async (box) => {
    await creations(box, "tiny limits", [
      ...numbers(1, isLong ? 40 : 16).map((files) => ({
        what: `${files} files`,
        limits: `ulimit -n ${files}`,
      })),
      ...[1, 2].map((blocks) => ({ what: `files of ${blocks} KiB`, limits: `ulimit -f ${blocks}` })),
      ...[0, 8, 64].map((pages) => ({ what: `${pages} KiB locked`, limits: `ulimit -l ${pages}` })),
      // With less, or with an RLIMIT_DATA of 0, the kernel kills any program.
      ...[64, 128].map((kibibytes) => ({
        what: `a stack of ${kibibytes} KiB`,
        limits: `ulimit -s ${kibibytes}`,
      })),
      { what: "no core", limits: "ulimit -c 0" },
      { what: "no queue", limits: "ulimit -q 0; ulimit -i 0" },
    ]);
  },
  timeoutOf(40),
);

scenario(
  "standard streams are closed",
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe(["exit:7"]);
    const id = await box.started(box.probe(["sleep"]));
    const subsets = numbers(1, 7).map((bits) => [0, 1, 2].filter((fd) => bits & (1 << fd)));
    for (const closed of subsets) {
      const script = `exec ${closed.map((fd) => `${fd}>&-`).join(" ")}; exec "$@"`;
      const wrapper = ["bash", "-c", script, "bash"];
      expect([closed, (await box.run(bundle, [], { wrapper })).status]).toEqual([closed, 7]);
      const executed = await box.call(["exec", id, "/probe", "exit:5"], { wrapper });
      expect([closed, executed.status]).toEqual([closed, 5]);
      const created = box.id();
      await box.must(["create", "--bundle", bundle.directory, created], { wrapper });
      await box.must(["delete", "--force", created], { wrapper });
    }
    tell("closed streams", { commands: subsets.length * 4 });
  },
  timeoutOf(10),
);

const deep = (length: number) => {
  const name = `/${"d".repeat(199)}`;
  return name.repeat(Math.floor(length / name.length));
};

scenario(
  "a state root with a strange name",
  [root, buncOnly],
  async (box) => {
    const names = [
      "a b  c",
      "new\nline\n",
      "quote\"'\\",
      "-dash",
      "%s$HOME`id`",
      "\u00fc\u2028",
      "\x01\x7f\t",
    ];
    const roots = [
      ...names.map((name) => box.path(name)),
      `${box.directory}${deep(3950 - box.directory.length)}`,
    ];
    const bundle = box.probe(["sleep"]);
    let commands = 0;
    for (const stateRoot of roots) {
      const id = box.id();
      const must = async (...words: string[]) => {
        commands++;
        return (await box.must(words, { root: stateRoot })).stdout;
      };
      await must("create", "--bundle", bundle.directory, id);
      await must("start", id);
      expect(JSON.parse(await must("list", "--format", "json"))[0].id).toBe(id);
      expect(JSON.parse(await must("state", id)).status).toBe("running");
      await must("exec", id, "/probe", "exit:0");
      await must("pause", id);
      await must("resume", id);
      await must("kill", id, "KILL");
      await must("delete", "--force", id);
      expect(readdirSync(stateRoot)).toEqual([]);
    }
    tell("strange root of state", { commands });
  },
  timeoutOf(20),
);

scenario(
  "a clock that jumps: a time namespace with another boot-time clock",
  [root, buncOnly, timeNamespaces, command("unshare")],
  async (box) => {
    const offsets = ["1000000", "-10", "-1"];
    let commands = 0;
    for (const offset of offsets) {
      const id = await box.started(box.probe(["fork:2", "sleep"]));
      const stranger = Bun.spawn(["sleep", "1000"]);
      const wrapper = ["unshare", "--time", "--boottime", offset, "--monotonic", offset, "--fork"];
      try {
        for (const words of [["state", id], ["list"], ["ps", id], ["kill", id, "WINCH"]]) {
          const result = await box.call(words, { wrapper });
          expect([offset, words, unclean(result)]).toEqual([offset, words, undefined]);
          commands++;
        }
        const { pid } = await box.state(id);
        const deleted = await box.call(["delete", "--force", id], { wrapper });
        expect([offset, unclean(deleted)]).toEqual([offset, undefined]);
        await box.call(["delete", "--force", id]);
        await until("its init has ended", () => !existsSync(`/proc/${pid}`) || undefined);
        expect(stranger.exitCode).toBe(null);
        commands++;
      } finally {
        stranger.kill("SIGKILL");
        await stranger.exited;
      }
    }
    tell("clock", { commands });
  },
  timeoutOf(10),
);
