/** A running container that obstructs the verbs: each verb ends with at most one record, and delete --force leaves nothing. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { addCapabilities, type Config, type Edit } from "../harness/config.ts";
import { cgroupsOf } from "../harness/leaks.ts";
import { buncOnly, command, root } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { unclean } from "./clean.ts";
import { tell } from "./results.ts";
import { rounds, timeoutOf } from "./rounds.ts";

interface Hostile {
  readonly key: string;
  readonly actions: readonly string[];
  readonly edit?: Edit;
  /** Runs on the host once the container runs. */
  readonly onceRunning?: (box: Sandbox, id: string) => Promise<void> | void;
}

const limited = (resources: Record<string, unknown>): Edit => {
  return (config) => {
    config.linux.resources = { ...config.linux.resources, ...resources };
  };
};

function mayMount(config: Config): void {
  addCapabilities(config, "CAP_SYS_ADMIN");
  config.root.readonly = false;
}

/** The container's cgroup directory in every hierarchy that has the file. */
const directoriesWith = (id: string, file: string) =>
  cgroupsOf(id).filter((path) => existsSync(`${path}/${file}`));

/** Makes a child cgroup in each hierarchy, as a container with writable cgroups could. → those that could be made */
function below(id: string, file: string): string[] {
  return directoriesWith(id, file).map((path) => {
    mkdirSync(`${path}/below`);
    return `${path}/below`;
  });
}

const mountsCount = rounds(200, 3000);

const containers: readonly Hostile[] = [
  { key: "no pid is left", actions: ["fork:100", "sleep"], edit: limited({ pids: { limit: 8 } }) },
  {
    key: "no memory is left",
    actions: ["eat:3", "sleep"],
    edit: limited({ memory: { limit: 5 * 2 ** 20, swap: 5 * 2 ** 20 } }),
  },
  {
    key: "a process is frozen in a cgroup below",
    actions: ["fork:3", "sleep"],
    onceRunning: (_box, id) => {
      for (const [file, value] of [
        ["freezer.state", "FROZEN"],
        ["cgroup.freeze", "1"],
      ] as const) {
        for (const path of below(id, file)) {
          const [, pid = ""] = readFileSync(`${path}/../cgroup.procs`, "utf8").split("\n");
          writeFileSync(`${path}/cgroup.procs`, pid);
          writeFileSync(`${path}/${file}`, value);
        }
      }
    },
  },
  {
    key: "its cgroup is the domain of threads",
    actions: ["fork:3", "sleep"],
    onceRunning: (_box, id) => {
      for (const path of below(id, "cgroup.type")) writeFileSync(`${path}/cgroup.type`, "threaded");
    },
  },
  {
    key: "thousands of mounts",
    actions: ["mkdir:/m", ...Array.from({ length: mountsCount }, () => "mount:tmpfs,/m"), "sleep"],
    edit: mayMount,
  },
  { key: "/proc is covered", actions: ["mount:tmpfs,/proc", "sleep"], edit: mayMount },
  {
    key: "its init is stopped",
    actions: ["fork:3", "sleep"],
    onceRunning: async (box, id) => void (await box.must(["kill", id, "STOP"])),
  },
  { key: "a thousand zombies", actions: ["zombies:1000", "sleep"] },
  { key: "its init ignores all but KILL", actions: ["fork:3", "signal-file:/signals"], edit: mayMount },
];

/** Command lines that a user runs on a running container. */
const verbs = (id: string): string[][] => [
  ["state", id],
  ["list"],
  ["ps", "--format", "json", id],
  ["events", "--stats", id],
  ["exec", id, "/probe", "exit:0"],
  ["exec", "--detach", id, "/probe", "sleep"],
  ["exec", id, "/probe", "eat:64"],
  ["update", "--pids-limit", "50", id],
  ["update", "--memory", "4194304", "--memory-swap", "4194304", id],
  ["pause", id],
  ["state", id],
  ["ps", id],
  ["resume", id],
  ["kill", id, "USR1"],
  ["kill", "--all", id, "WINCH"],
];

for (const { key, actions, edit = () => {}, onceRunning } of containers) {
  scenario(
    `a running container: ${key}`,
    [root, buncOnly],
    async (box) => {
      const id = await box.started(box.probe([...actions], edit));
      await Bun.sleep(100);
      await onceRunning?.(box, id);
      const wrong: string[] = [];
      const failed: string[] = [];
      for (const words of verbs(id)) {
        const result = await box.call(words);
        const isProgram = words[0] === "exec" && (result.status === 137 || result.stderr === "");
        const what = unclean(result, isProgram);
        if (what !== undefined) wrong.push(`${words.join(" ")}: ${what}`);
        if (result.status !== 0) failed.push(words.join(" "));
      }
      expect(wrong).toEqual([]);
      const deleted = await box.call(["delete", "--force", id]);
      expect([deleted.status, deleted.stderr]).toEqual([0, ""]);
      expect(cgroupsOf(id)).toEqual([]);
      tell(key, { commands: verbs(id).length + 1, "refused with one record": failed.length });
    },
    timeoutOf(10),
  );
}

/** Holds the listener of a container's seccomp filter and never answers. */
const holder = `
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); s.bind(sys.argv[1]); s.listen(64)
print("ready", flush=True)
held = []
while True:
    c, _ = s.accept()
    held.append(socket.recv_fds(c, 65536, 8))
`;

scenario(
  "a running container: nobody answers its system calls",
  [root, buncOnly, command("python3")],
  async (box) => {
    const socket = box.path("agent");
    const agent = Bun.spawn(["python3", "-c", holder, socket], { stdout: "pipe", stderr: "inherit" });
    try {
      await agent.stdout.getReader().read();
      const id = await box.started(
        box.probe(["hostname:held", "sleep"], (config) => {
          config.process.noNewPrivileges = true;
          config.linux["seccomp"] = {
            defaultAction: "SCMP_ACT_ALLOW",
            listenerPath: socket,
            syscalls: [{ names: ["sethostname"], action: "SCMP_ACT_NOTIFY" }],
          };
        }),
      );
      const words = verbs(id);
      for (const each of words) {
        const result = await box.call(each);
        expect([each, unclean(result, each[0] === "exec")]).toEqual([each, undefined]);
      }
      await box.must(["exec", "--detach", id, "/probe", "hostname:held"]);
      const deleted = await box.call(["delete", "--force", id]);
      expect([deleted.status, deleted.stderr]).toEqual([0, ""]);
      tell("its system calls are not answered", { commands: words.length + 2 });
    } finally {
      agent.kill("SIGKILL");
      await agent.exited;
    }
  },
  timeoutOf(10),
);
