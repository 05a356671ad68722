/**
 * The runtime is killed in the middle of a command, as clients do when they die (SIGKILL as parent death
 * signal): `delete --force` must clean up whatever was half made, and nothing may be left.
 */
import { describe, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { leaksOf } from "../harness/leaks.ts";
import { command as needsCommand, root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import { type Bundle, type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

interface Victim {
  verb: string;
  /** Brings the container to where the verb applies. */
  prepare: (box: Sandbox, bundle: Bundle, id: string) => Promise<void>;
  args: (bundle: Bundle, id: string) => string[];
}

const victims: Victim[] = [
  {
    verb: "create",
    prepare: async () => {},
    args: (bundle, id) => ["create", "--bundle", bundle.directory, id],
  },
  {
    verb: "run --detach",
    prepare: async () => {},
    args: (bundle, id) => ["run", "--detach", "--bundle", bundle.directory, id],
  },
  {
    verb: "start",
    prepare: async (box, bundle, id) => void (await box.must(["create", "--bundle", bundle.directory, id])),
    args: (_bundle, id) => ["start", id],
  },
  {
    verb: "exec",
    prepare: async (box, bundle, id) =>
      void (await box.must(["run", "--detach", "--bundle", bundle.directory, id])),
    args: (_bundle, id) => ["exec", id, "/probe", "nap:20"],
  },
  {
    verb: "delete --force",
    prepare: async (box, bundle, id) =>
      void (await box.must(["run", "--detach", "--bundle", bundle.directory, id])),
    args: (_bundle, id) => ["delete", "--force", id],
  },
];

const everything = (bundle: Bundle) => {
  bundle.edit((config) => {
    config.process.args = ["/probe", "fork:2", "sleep"];
    config.root.readonly = false;
    config.mounts.push({ destination: "/data", type: "tmpfs", source: "tmpfs" });
    config.hooks = { createRuntime: [{ path: "/bin/true" }], poststop: [{ path: "/bin/true" }] };
  });
  return bundle;
};

/** Kills what `start` gives, at a moment that `start` chooses; then looks at what is left. */
async function survives(
  box: Sandbox,
  bundle: Bundle,
  victim: Victim,
  kill: (command: string[]) => Promise<void>,
) {
  const id = box.id();
  await victim.prepare(box, bundle, id);
  await kill(box.commandLine(victim.args(bundle, id)));
  const listed = await box.call(["list", "--format", "json"]);
  // A container that has no state yet is told about on standard error.
  if (existsSync(box.root)) expect(listed.status).toBe(0);
  const deleted = await box.call(["delete", "--force", id]);
  expect([deleted.status, deleted.stderr]).toEqual([0, ""]);
  expect(existsSync(`${box.root}/${id}`)).toBe(false);
  await until(`nothing of ${id} is left`, () => {
    const leaks = leaksOf(id, []);
    return leaks.length === 0 || undefined;
  }).catch(() => {
    expect(leaksOf(id, [])).toEqual([]);
  });
}

const rounds = 40;

describe("killed after a while", () => {
  for (const victim of victims) {
    scenario(
      `${victim.verb}, at ${rounds} moments of its life`,
      [root],
      async (box) => {
        const bundle = everything(box.probe([]));
        // How long it takes when it is left alone.
        let whole = 0;
        await survives(box, bundle, victim, async (command) => {
          const started = performance.now();
          await Bun.spawn(command, { env: bareEnvironment, stdio: ["ignore", "ignore", "ignore"] }).exited;
          whole = performance.now() - started;
        });
        for (let round = 0; round < rounds; round++) {
          await survives(box, bundle, victim, async (command) => {
            const child = Bun.spawn(command, {
              env: bareEnvironment,
              stdio: ["ignore", "ignore", "ignore"],
            });
            await Bun.sleep((whole * 1.2 * round) / rounds);
            child.kill("SIGKILL");
            await child.exited;
          });
        }
      },
      300_000,
    );
  }
});

/** How many boundaries of system calls are tried for each verb. */
const boundaries = 60;

describe("killed at a system call", () => {
  for (const victim of victims) {
    scenario(
      `${victim.verb}, before ${boundaries} of its system calls`,
      [root, needsCommand("strace")],
      async (box) => {
        const bundle = everything(box.probe([]));
        const log = box.path("strace");
        const trace = async (command: string[], options: string[]) => {
          const stdio = ["ignore", "ignore", "ignore"] as ["ignore", "ignore", "ignore"];
          await Bun.spawn(["strace", "-o", log, ...options, ...command], { env: bareEnvironment, stdio })
            .exited;
        };
        await survives(box, bundle, victim, (command) => trace(command, []));
        // The n-th call of a name, for each call of the whole life that changes something.
        const seen = new Map<string, number>();
        const calls = readFileSync(log, "utf8")
          .split("\n")
          .flatMap((line) => {
            const call = /^([a-z_0-9]+)\(/.exec(line)?.[1];
            if (call === undefined) return [];
            seen.set(call, (seen.get(call) ?? 0) + 1);
            return changes.has(call) ? [{ call, nth: seen.get(call) as number }] : [];
          });
        expect(calls.length).toBeGreaterThan(0);
        const stride = Math.max(1, calls.length / boundaries);
        for (let at = 0; at < calls.length; at += stride) {
          const { call, nth } = calls[Math.floor(at)] as { call: string; nth: number };
          await survives(box, bundle, victim, (command) =>
            trace(command, ["-e", `inject=${call}:signal=KILL:when=${nth}`]),
          );
        }
      },
      600_000,
    );
  }
});

/** Calls after which the world differs. */
const changes = new Set(
  [
    "openat openat2 open mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 write pwrite64 writev",
    "clone clone3 vfork execve kill pidfd_send_signal wait4 waitid sendmsg recvmsg sendto recvfrom connect flock fsync",
    "socketpair memfd_create mount umount2 setns unshare prlimit64 close link linkat symlinkat ftruncate",
  ].flatMap((line) => line.split(" ")),
);
