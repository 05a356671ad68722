/** Attacks of a container on the processes that the runtime starts in it, and on the runtime itself. */
import { expect } from "bun:test";
import { chownSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { addCapabilities, addUserNamespace, type Edit, mountOf, removeNamespace } from "../harness/config.ts";
import { type Answer, probePath, Report } from "../harness/probe.ts";
import { buncOnly, command, root, userNamespaces } from "../harness/requirements.ts";
import { type Bundle, type CallOptions, type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { tell } from "./results.ts";
import { rounds, timeoutOf } from "./rounds.ts";

const count = rounds(10, 1000);

const digest = (path: string) => new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");

/** Does `work` while `action` runs in a container. → the action's counts */
async function attacked(
  box: Sandbox,
  action: string,
  edit: Edit,
  work: (id: string) => Promise<void>,
  options: CallOptions = {},
): Promise<Answer> {
  const bundle = box.probe(["out:/report", `${action}:/stop`], (config) => {
    config.root.readonly = false;
    edit(config);
  });
  ownRoot(bundle);
  const id = await box.create(bundle, [], options);
  await box.must(["start", id], options);
  await work(id);
  writeFileSync(`${bundle.rootfs}/stop`, "");
  const report = `${bundle.rootfs}/report`;
  const answer = await until("it tells", () =>
    existsSync(report) && readFileSync(report, "utf8").endsWith("]\n")
      ? new Report(readFileSync(report, "utf8")).get(`${action}:/stop`)
      : undefined,
  );
  await box.must(["delete", "--force", id], options);
  return answer;
}

/** Executes processes in the container. */
const executing =
  (box: Sandbox, times: number, options: CallOptions = {}) =>
  async (id: string) => {
    for (let round = 0; round < times; round++) await box.must(["exec", id, "/probe", "nap:1"], options);
  };

/** Runs `work` with a PID namespace that the runtime can join, so that a container can share it. */
async function withPidNamespace(work: (options: CallOptions) => Promise<void>): Promise<void> {
  const command = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", probePath()];
  const holder = Bun.spawn([...command, "print", "sleep"], { stdout: "pipe" });
  try {
    await holder.stdout.getReader().read();
    const of = `/proc/${holder.pid}/ns`;
    await work({ wrapper: ["nsenter", `--pid=${of}/pid_for_children`, `--mount=${of}/mnt`, "--"] });
  } finally {
    holder.kill("SIGKILL");
    await holder.exited;
  }
}

/** A directory that the root of a user namespace can write. */
function ownRoot(bundle: Bundle): void {
  if (bundle.config.linux.uidMappings !== undefined) chownSync(bundle.rootfs, 100000, 100000);
}

const withPtrace: Edit = (config) => addCapabilities(config, "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE");

/** An attacker that may inspect the process finds an executable that cannot be written. */
scenario(
  "the executable of every process is opened, and then written to",
  [root, buncOnly],
  async (box) => {
    const before = digest(box.runtime.path);
    const trusted = await attacked(box, "overwrite", withPtrace, executing(box, count));
    expect(trusted.opened).toBeGreaterThan(0);
    expect(trusted.written).toBe(0);
    const usual = await attacked(box, "overwrite", () => {}, executing(box, count));
    expect([usual.opened, usual.written]).toEqual([0, 0]);
    expect(usual.refused).toBeGreaterThan(0);
    expect(digest(box.runtime.path)).toBe(before);
    tell("executable", { rounds: 2 * count, "times opened": trusted.opened ?? 0 });
  },
  timeoutOf(2 * count),
);

/** A host program that is executed in a container without protection: it shows that the attempt above could succeed. */
scenario(
  "the executable of every process is opened, and then written to: one that bunc does not seal is overwritten",
  [root, buncOnly, command("nsenter")],
  async (box) => {
    const victim = box.path("victim");
    copyFileSync(probePath(), victim);
    const before = digest(victim);
    const { written } = await attacked(box, "overwrite", withPtrace, async (id) => {
      const enter = `exec 9<"$0" && exec nsenter --target "$1" --mount --pid -- /proc/self/fd/9 nap:300`;
      const { pid } = await box.state(id);
      expect(Bun.spawnSync(["sh", "-c", enter, victim, `${pid}`]).exitCode).toBe(0);
      await until("it is overwritten", () => digest(victim) !== before || undefined);
    });
    expect(written).toBeGreaterThan(0);
  },
);

/** Root with all capabilities in its own user namespace. */
const rootOfItsOwn: Edit = (config) => {
  addUserNamespace(config);
  withPtrace(config);
};

/** Shares the runtime's PID namespace and /proc: a user namespace cannot mount procfs for a PID namespace that it does not own. */
const sharePids: Edit = (config) => {
  removeNamespace(config, "pid");
  const proc = mountOf(config, "/proc");
  Object.assign(proc, { type: "bind", source: "/proc", options: ["rbind"] });
};

const takers: readonly (readonly [what: string, edit: Edit])[] = [
  ["without a capability for it", () => {}],
  ["with CAP_SYS_PTRACE in a user namespace", rootOfItsOwn],
];

for (const [what, edit] of takers) {
  for (const isShared of [false, true]) {
    scenario(
      `every process is traced and its memory and descriptors are taken, ${what}${isShared ? ", and the runtime's too" : ""}`,
      [root, buncOnly, userNamespaces, command("nsenter")],
      async (box) => {
        const check = async (options: CallOptions) => {
          const sharing: Edit = (config) => {
            edit(config);
            if (isShared) sharePids(config);
          };
          const work = executing(box, count, options);
          const answer = await attacked(box, "take", sharing, work, options);
          expect(answer.taken).toBe(0);
          expect(answer.refused).toBeGreaterThan(0);
          tell("taken over", { rounds: count, refused: answer.refused ?? 0 });
        };
        await (isShared ? withPidNamespace(check) : check({}));
      },
      timeoutOf(count),
    );
  }
}

/** The case that docs/SECURITY.md warns about: it shows that the attempts above could succeed. */
scenario(
  "every process is traced: with CAP_SYS_PTRACE in the host's user namespace that succeeds",
  [root, buncOnly],
  async (box) => {
    await until("something is taken", async () => {
      const { taken = 0 } = await attacked(box, "take", withPtrace, executing(box, 10));
      return taken > 0 || undefined;
    });
  },
  timeoutOf(count),
);

const descriptors = Array.from({ length: 65 }, (_, fd) => fd);

/** A caller with many open descriptors on the host. */
const manyOpen = {
  wrapper: ["bash", "-c", `for fd in {3..64}; do eval "exec $fd</"; done; exec "$@"`, "bash"],
};

scenario(
  "every descriptor of the caller is looked for in the new process, and as its working directory",
  [root, buncOnly],
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    let tries = 0;
    for (const output of [
      (await box.must(["exec", id, "/probe", "self"], manyOpen)).stdout,
      (await box.run(box.probe(["self"]), [], manyOpen)).stdout,
    ]) {
      const { fds } = new Report(output).self;
      expect(fds.map(({ fd }) => fd)).toEqual([0, 1, 2]);
    }
    for (const fd of descriptors) {
      const cwd = `/proc/self/fd/${fd}`;
      const bundle = box.probe(["list:.", "list:../../../../.."], (config) => {
        config.process.cwd = cwd;
      });
      const results = [
        await box.run(bundle, [], manyOpen),
        await box.call(["exec", "--cwd", cwd, id, "/probe", "list:."], manyOpen),
      ];
      for (const { status, stdout } of results) expect([fd, status !== 0, stdout]).toEqual([fd, true, ""]);
      tries += results.length;
    }
    tell("descriptors", { tries });
  },
  timeoutOf(2 * descriptors.length),
);
