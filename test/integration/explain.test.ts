/** `explain`: strace shows that bunc-init does what it says, and that explain itself changes nothing. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Operation } from "../../src/explain/operation.ts";
import { addUserNamespace, type Edit, mountOf } from "../harness/config.ts";
import { cgroupsOf } from "../harness/leaks.ts";
import { buncOnly, command, root, userNamespaces } from "../harness/requirements.ts";
import { type Bundle, type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

interface Explanation {
  plan: { steps: unknown[] };
  operations: Operation[];
  problems: string[];
}

/** A log record in runc's format, without its time. */
const messageOf = (text: string) =>
  JSON.parse(/msg=("(?:[^"\\]|\\.)*")/.exec(text)?.[1] ?? '""').replace(/^runc create failed: /, "");

const explain = async (box: Sandbox, bundle: Bundle, id: string, flags: string[] = []) =>
  JSON.parse(
    (await box.must(["explain", "--json", ...flags, "--bundle", bundle.directory, id])).stdout,
  ) as Explanation;

/** System calls of bunc-init that `explain` lists one by one. */
const TRACED = [
  "fsopen",
  "fsconfig",
  "fsmount",
  "fspick",
  "open_tree",
  "move_mount",
  "mount_setattr",
  "mknodat",
  "fchownat",
  "symlinkat",
  "pivot_root",
  "umount2",
  "chroot",
  "sethostname",
  "setdomainname",
  "keyctl",
  "setsid",
  "unshare",
  "setns",
  "setgroups",
  "setresgid",
  "setresuid",
  "capset",
  "fchdir",
  "getcwd",
];

/** Calls of the processes that execute bunc-init, in order, until it waits for `start`. */
async function trace(box: Sandbox, bundle: Bundle, id: string, flags: string[]): Promise<string[]> {
  const file = box.path("strace");
  const wrapper = ["strace", "-f", "-qq", "-o", file, "-e", `trace=execveat,clone3,${TRACED.join(",")}`];
  const args = ["create", ...flags, "--bundle", bundle.directory, id];
  // strace runs until the container's process has exited, so it is not awaited before that.
  const child = Bun.spawn(box.commandLine(args, { wrapper }), {
    stdin: "ignore",
    stdout: Bun.file(box.path("strace.stdout")),
    stderr: Bun.file(box.path("strace.stderr")),
  });
  await until("the container waits for start", async () => {
    const { status, stdout } = await box.call(["state", id]);
    if (child.exitCode !== null) throw new Error(await Bun.file(box.path("strace.stderr")).text());
    return status === 0 && JSON.parse(stdout).status === "created" ? true : undefined;
  });
  await box.must(["delete", "--force", id]);
  await child.exited;
  return callsOfInit(readFileSync(file, "utf8"));
}

/** The successful calls of the processes that execute bunc-init. */
function callsOfInit(text: string): string[] {
  const lines = finishedCalls(text);
  // strace may report the return of a clone after the first calls of the new process.
  const cloned = lines
    .filter(({ call, whole }) => call === "clone3" && whole.includes("CLONE_PARENT"))
    .map(({ result }) => result);
  const inits = new Set<string>(cloned);
  const calls: string[] = [];
  for (const { pid, whole, call, result } of lines) {
    if (call === "execveat") inits.add(pid);
    if (!inits.has(pid) || !TRACED.includes(call) || result.startsWith("-")) continue;
    const key = /^fsconfig\(\d+, (FSCONFIG_CMD_\w+|FSCONFIG_SET_\w+, "([^"]*)")/.exec(whole);
    calls.push(key === null ? call : `fsconfig ${key[2] ?? key[1]}`);
  }
  return calls;
}

/** strace's lines, with the two halves of a call that another process interrupted joined at the place where it returned. */
function finishedCalls(text: string): { pid: string; whole: string; call: string; result: string }[] {
  const begun = new Map<string, string>();
  return text.split("\n").flatMap((line) => {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const begin = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    if (begin !== null) {
      begun.set(pid, begin[1] as string);
      return [];
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed === null ? rest : `${begun.get(pid)}${resumed[1]}`;
    const [, call = "", result = ""] = /^(\w+)\(.*= (-?\d+)/.exec(whole) ?? [];
    return [{ pid, whole, call, result }];
  });
}

/** In the form of `callsOfInit`. */
function promise({ call, detail }: Operation): string {
  if (call !== "fsconfig") return call;
  const [command = "", key = ""] = detail.split(" ");
  return `fsconfig ${command.startsWith("FSCONFIG_CMD") ? command : key}`;
}

/** The calls that explain lists for bunc-init. */
function promised(operations: readonly Operation[]): string[] {
  return operations
    .filter(({ by, phase, call }) => by !== "bunc" && phase === "create" && TRACED.includes(call))
    .map(promise);
}

/** Files and directories, and a path that does not exist. */
const masks: Edit = (config) => {
  config.linux.maskedPaths = ["/proc/fs", "/proc/keys", "/proc/bus", "/proc/version"];
  config.linux.readonlyPaths = ["/proc/sys", "/proc/not-there"];
};

const table: [name: string, needs: Parameters<typeof scenario>[1], flags: string[], edit: Edit][] = [
  ["the default configuration", [], [], () => {}],
  [
    "every capability bounded, another user",
    [],
    [],
    (config) => {
      config.process.user = { uid: 1000, gid: 1000, additionalGids: [5] };
      config.domainname = "example";
    },
  ],
  ["--no-new-keyring", [], ["--no-new-keyring"], () => {}],
  [
    "binds, tmpfs, remount",
    [],
    [],
    (config) => {
      config.root.readonly = false;
      config.mounts.push(
        { destination: "/bound", source: "/usr", options: ["rbind", "rro", "nosuid"] },
        { destination: "/kept", type: "tmpfs", source: "tmpfs", options: ["ro", "size=1m"] },
        { destination: "/kept", options: ["remount", "size=2m"] },
      );
    },
  ],
  [
    "shared propagation",
    [],
    [],
    (config) => {
      config.linux.rootfsPropagation = "rshared";
    },
  ],
  [
    "no mount namespace",
    [],
    [],
    (config) => {
      config.linux.namespaces = [{ type: "pid" }];
      config.mounts = [];
      config.hostname = "";
      config.linux.maskedPaths = [];
      config.linux.readonlyPaths = [];
      config.root.readonly = false;
    },
  ],
  [
    "a network namespace to join",
    [],
    [],
    (config) => {
      config.linux.namespaces = config.linux.namespaces.map((namespace) =>
        namespace.type === "network" ? { type: "network", path: "/proc/self/ns/net" } : namespace,
      );
    },
  ],
  [
    "a user namespace",
    [userNamespaces],
    [],
    (config) => {
      addUserNamespace(config);
    },
  ],
];

for (const [name, needs, flags, edit] of table) {
  scenario(
    `explain and strace agree: ${name}`,
    [root, buncOnly, command("strace"), ...needs],
    async (box) => {
      const bundle = box.probe(["sleep"], (config) => {
        masks(config);
        edit(config);
      });
      // Root of a user namespace needs a writable place for its mount points.
      if (bundle.config.linux.uidMappings) await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
      const id = box.id();
      const { operations } = await explain(box, bundle, id, flags);
      const calls = await trace(box, bundle, id, flags);
      expect(calls.length).toBeGreaterThan(5);
      expect(promised(operations)).toEqual(calls);
    },
  );
}

scenario("explain does nothing", [root, buncOnly], async (box) => {
  const bundle = box.probe(["sleep"]);
  const before = readdirSync(bundle.rootfs);
  const id = box.id();
  const { stdout, stderr } = await box.must(["explain", "--bundle", bundle.directory, id]);
  expect(stderr).toBe("");
  expect(stdout).toContain("pivot_root");
  expect(existsSync(box.root)).toBe(false);
  expect(cgroupsOf(id)).toEqual([]);
  expect(readdirSync(bundle.rootfs)).toEqual(before);
});

scenario("explain shows where create would fail", [root, buncOnly], async (box) => {
  const missing: [what: string, edit: Edit, message: string][] = [
    [
      "source",
      (config) => config.mounts.push({ destination: "/x", source: "/not-there", options: ["bind"] }),
      "/not-there",
    ],
    [
      "program",
      (config) => {
        config.process.args = ["/not-there"];
      },
      "/not-there",
    ],
  ];
  for (const [what, edit, message] of missing) {
    const bundle = box.probe(["sleep"], edit);
    const { operations, problems } = await explain(box, bundle, box.id());
    const refused = await box.call(["create", "--bundle", bundle.directory, box.id()]);
    expect([what, operations.length > 20, problems.length]).toEqual([what, true, 1]);
    expect(problems[0]).toContain(message);
    expect(problems).toEqual([messageOf(refused.stderr)]);
  }
});

scenario("explain refuses what create refuses", [root, buncOnly], async (box) => {
  const table: [what: string, edit: Edit][] = [
    [
      "a terminal without a console socket",
      (config) => {
        config.process.terminal = true;
      },
    ],
    [
      "sysctls of the host",
      (config) => {
        config.linux.namespaces = config.linux.namespaces.map((namespace) =>
          namespace.type === "network" ? { type: "network", path: "/proc/self/ns/net" } : namespace,
        );
        config.linux["sysctl"] = { "net.ipv4.ip_forward": "1" };
      },
    ],
    [
      "a root file system that is missing",
      (config) => {
        config.root.path = "not-there";
      },
    ],
  ];
  for (const [what, edit] of table) {
    const bundle = box.probe(["sleep"], edit);
    const explained = await box.call(["explain", "--bundle", bundle.directory, box.id()]);
    const created = await box.call(["create", "--bundle", bundle.directory, box.id()]);
    expect([what, explained.status]).toEqual([what, created.status]);
    expect(messageOf(explained.stderr)).toBe(messageOf(created.stderr));
    expect(messageOf(created.stderr)).not.toBe("");
  }
});

scenario(
  "explain takes the bundle of the working directory, and what the caller's environment asks for",
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe(["sleep"]);
    const options = { cwd: bundle.directory };
    const plain = JSON.parse(
      (await box.must(["explain", "--json", box.id()], options)).stdout,
    ) as Explanation;
    expect(plain.operations.map(({ call }) => call)).toContain("pivot_root");
    const notify = { ...options, env: { NOTIFY_SOCKET: box.path("notify") } };
    const { stdout } = await box.must(["explain", "--json", box.id()], notify);
    expect(stdout).toContain("/run/notify");
    const wrapper = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"];
    const missing = { ...options, env: { LISTEN_FDS: "3" }, wrapper };
    const explained = await box.call(["explain", box.id()], missing);
    const created = await box.call(["create", box.id()], missing);
    expect(explained.status).toBe(created.status);
    expect(created.status).not.toBe(0);
    expect(messageOf(explained.stderr)).toBe(messageOf(created.stderr));
  },
);

scenario("explain works for an ordinary user", [root, buncOnly, command("setpriv")], async (box) => {
  const bundle = box.probe(["sleep"]);
  const wrapper = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"];
  const refused = await box.call(["explain", "--bundle", bundle.directory, box.id()], { wrapper });
  // A rootless container needs a user namespace: the configuration is refused, with its path.
  expect([refused.status, refused.stderr.includes("user")]).toEqual([1, true]);
  bundle.edit((config) => {
    config.linux.namespaces.push({ type: "user" });
    config.linux.uidMappings = [{ containerID: 0, hostID: 1234, size: 1 }];
    config.linux.gidMappings = [{ containerID: 0, hostID: 1234, size: 1 }];
    mountOf(config, "/dev/pts").options = ["nosuid", "noexec", "newinstance"];
  });
  const { stdout } = await box.must(["explain", "--bundle", bundle.directory, box.id()], { wrapper });
  expect(stdout).toContain("CLONE_NEWUSER");
});

scenario("explain: each operation has the config path that asks for it", [root, buncOnly], async (box) => {
  const bundle = box.probe(["sleep"], (config) => {
    config.linux.resources = { pids: { limit: 7 } };
    config.hooks = { createRuntime: [{ path: "/bin/true", args: ["true", "x"] }] };
  });
  const { operations, plan } = await explain(box, bundle, "c1");
  expect(plan.steps.length).toBeGreaterThan(20);
  const subjects = new Map(operations.map(({ call, target, subject }) => [`${call} ${target}`, subject]));
  expect(subjects.get("sethostname container")).toBe("hostname");
  expect(subjects.get("execve /bin/true")).toBe("hooks.createRuntime[0]");
  expect(operations.find(({ target }) => target.endsWith("pids.max"))).toMatchObject({
    detail: '"7"',
    subject: "linux.resources.pids.limit",
  });
});

scenario("explain: an invalid configuration is refused with its paths", [root, buncOnly], async (box) => {
  const bundle = box.bundle();
  mkdirSync(box.path("empty"));
  expect((await box.call(["explain", "--bundle", box.path("empty")])).stderr).toContain(
    "config.json not found",
  );
  writeFileSync(`${bundle.directory}/config.json`, '{"ociVersion": 1}');
  const { status, stderr } = await box.call(["explain", "--bundle", bundle.directory]);
  expect([status, stderr.includes("ociVersion")]).toEqual([1, true]);
});

scenario("explain --seccomp: the profile's action, and the rule", [root, buncOnly], async (box) => {
  const bundle = box.bundle((config) => {
    config.linux["seccomp"] = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        { names: ["read", "clone3"], action: "SCMP_ACT_ALLOW" },
        {
          names: ["socket"],
          action: "SCMP_ACT_ALLOW",
          args: [{ index: 0, value: 16, op: "SCMP_CMP_NE" }],
        },
      ],
    };
  });
  const ask = async (calls: string) =>
    (await box.must(["explain", "--bundle", bundle.directory, "--seccomp", calls])).stdout;
  expect(await ask("read")).toContain("SCMP_ACT_ALLOW  linux.seccomp.syscalls[0]");
  expect(await ask("write")).toContain("SCMP_ACT_ERRNO(1)  no rule");
  expect(await ask("socket")).toContain("if arg0 != 0x10  linux.seccomp.syscalls[1]");
  expect(await ask("socket(16)")).toContain("SCMP_ACT_ERRNO(1)");
  expect(await ask("socket(2)")).toContain("SCMP_ACT_ALLOW");
  expect(await ask("close_range")).toContain("SCMP_ACT_ERRNO(38)");
  expect((await ask("all")).split("\n").length).toBeGreaterThan(250);
  for (const [calls, text] of [
    ["no_such_call", "there is no system call no_such_call"],
    ["mount(x)", "is not a system call such as"],
  ] as const) {
    const { status, stderr } = await box.call(["explain", "--bundle", bundle.directory, "--seccomp", calls]);
    expect([calls, status, stderr.includes(text)]).toEqual([calls, 1, true]);
  }
});
