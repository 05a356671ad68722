/**
 * The hot commands, gone through before the image is taken, so that their functions are read, linked and have their caches.
 * A stand-in answers for the core: nothing is done, and nothing of the machine that builds gets into the image. All that
 * matters of an answer is that the command goes on as it usually does.
 */
import { found } from "../host/found.ts";
import { callNumbers, type FactsReply, type Progress } from "../native/boundary.gen.ts";
import { linked, type NativeCall, replaceCore } from "../native/linked.ts";
import { type Answers, documentsIn, standInCore } from "../native/stand-in.ts";
import { defaultSpec } from "../oci/default-spec.ts";
import { rehearsed } from "./commands.ts";

export type Main = (words: readonly string[], programName: string) => Promise<number>;

/** What is in files on the machine of the stand-in, while container "c" is created. */
let created: ReadonlyMap<string, string> = new Map();

/** Each command on a host with cgroup v2, and on one with v1. Throws where one ends with an error. */
export async function rehearse(main: Main): Promise<void> {
  try {
    for (const host of [v2, hybrid]) {
      const files = new Map<string, string>();
      const answers = standIn(host, files);
      for (const words of rehearsed) {
        found.host = undefined;
        const putBack = replaceCore(standInCore(answers), 1 << 20);
        const status = await main(words, "runc").finally(putBack);
        if (status !== 0) throw new Error(`rehearsal of ${words.join(" ")}: status ${status}`);
        if (words.includes("create")) created = new Map(files);
      }
    }
  } finally {
    found.host = undefined;
  }
}

/** From here on the stand-in answers for the core, but for the end of the process. */
export function goThroughTheMotions(): void {
  const { core } = linked;
  if (core === undefined) throw new Error("the core is not linked");
  const alone = standInCore(standIn(v2, new Map(created)));
  const call: NativeCall = (id, request, length, out, capacity) =>
    (id === callNumbers.exit ? core.call : alone)(id, request, length, out, capacity);
  linked.core = { call, reply: core.reply };
}

const v2: FactsReply = {
  release: "6.1.0",
  euid: 0,
  egid: 0,
  cgroup_file_system: "cgroup2",
  self_cgroup: "0::/\n",
  mountinfo: `22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw
`,
  uid_map: "         0          0 4294967295\n",
  gid_map: "         0          0 4294967295\n",
  apparmor: "",
  streams: ["/dev/null", "/dev/null", "/dev/null"],
};

const hybrid: FactsReply = {
  ...v2,
  cgroup_file_system: "tmpfs",
  self_cgroup: "3:memory:/\n2:cpu,cpuacct:/\n1:devices:/\n0::/\n",
  mountinfo: `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 27 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
33 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
34 31 0:37 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
35 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`,
};

/** A machine with one container, that forgets nothing but what is removed. */
function standIn(host: FactsReply, files: Map<string, string>): Answers {
  const spec = defaultSpec({ cgroupV2: host === v2 });
  spec.process.terminal = false;
  files.set("/b/config.json", JSON.stringify(spec));
  let waiting = true;
  let state = "S";
  const read = ({ path }: { path: string }) => ({ found: files.has(path), text: files.get(path) ?? "" });
  const done = () => ({});
  let progress: Progress = "held";
  const spawned = () => ({ pid: 2, pidfd: 10, start_time: "1", progress, fd: null, console: null });
  return {
    host_facts: () => host,
    environment: () => ({ entries: [] }),
    is_inherited: () => ({ inherited: false }),
    read_file: read,
    read_host_file: read,
    read_documents: documentsIn(files),
    write_file: ({ path, text }) => {
      files.set(path, text);
      return {};
    },
    append_file: done,
    make_directory: () => ({ created: true }),
    list_directory: () => ({ found: true, entries: [{ name: "c", uid: 0, directory: true }] }),
    remove_directory: done,
    remove_file: ({ path }) => ({ removed: files.delete(path) }),
    lock_directory: () => ({ fd: 9, busy: false }),
    close_fd: done,
    resolve_path: ({ path }) => ({ path, directory: true }),
    resolve_in_root: ({ path }) => ({ path, parent: "", found: true }) as never,
    working_directory: () => ({ path: "/b" }),
    spawn: ({ until }) => {
      progress = until === "reported" ? "executed" : until;
      return { process: spawned(), executable: "0:1:2", pipes: ["", "", ""] };
    },
    proceed: () => {
      progress = progress === "started" ? "ready" : "executed";
      return spawned();
    },
    hold_signals: () => ({ rest: null }),
    become_subreaper: done,
    supervise: () => ({ status: 0, signaled: false }),
    process_statuses: ({ processes }) => ({
      statuses: processes.map(() => ({ state, start_time: "1", waiting })),
    }),
    start: () => {
      waiting = false;
      return { started: true };
    },
    signal_process: ({ signal }) => {
      if (signal !== 0) state = "Z";
      return { sent: true };
    },
    await_end: () => ({ ended: true }),
    open_process: () => ({ pidfd: 10, start_time: "1" }),
    cgroup_create: ({ groups }) => ({
      in_use: null,
      threaded: null,
      errnos: groups.map(() => 0),
      not_enabled: [],
    }),
    cgroup_write: () => ({ tolerated: [] }),
    cgroup_read: ({ groups }) => ({
      files: groups.flatMap(({ files: names }) => names.map(() => ({ text: "0\n", errno: 0 }))),
    }),
    cgroup_frozen: ({ groups }) => ({ frozen: groups.map(() => false) }),
    cgroup_join: done as never,
    cgroup_processes: () => ({ pids: [2] }),
    cgroup_kill: () => ({ found: true, signalled: 1 }),
    cgroup_remove: () => ({ remaining: [] }),
    cgroup_devices: () => ({ instructions: 1, replaced: 0 }),
  };
}
