import { expect, test } from "bun:test";
import { differences } from "../../test/harness/json-differences.ts";
import { parseCommandLine } from "../cli/program.ts";
import { defaultSpec } from "../oci/default-spec.ts";
import type { VerbOptions } from "../verbs/verbs.ts";
import { changedSpec } from "./changed-spec.ts";

const example = () => defaultSpec({ cgroupV2: false });

async function specOf(words: readonly string[]) {
  const warnings: unknown[] = [];
  const invocation = parseCommandLine(["spec", ...words], "bunc").invocation();
  if (invocation.kind !== "verb") throw new Error(invocation.kind);
  const log = { warning: (warning: unknown) => warnings.push(warning) } as never;
  const text = await changedSpec(invocation.options as VerbOptions<"spec">, example, log);
  return { spec: JSON.parse(text), warnings };
}

const before = example();
const { mounts } = before;
const { capabilities, env } = before.process;
const sets = (change: (names: readonly string[]) => string[]) => ({
  "process.capabilities.bounding": change(capabilities.bounding),
  "process.capabilities.effective": change(capabilities.effective),
  "process.capabilities.permitted": change(capabilities.permitted),
});
const denied = { allow: false, access: "rwm" };
const fuse = { path: "/dev/fuse", type: "c", major: 10, minor: 229 };
const types = (...names: string[]) => names.map((type) => ({ type }));
const mapped = [{ containerID: 0, hostID: 100000, size: 65536 }];
const withoutGid = mounts.map((mount) =>
  mount.type === "devpts" ? { ...mount, options: mount.options?.filter((each) => each !== "gid=5") } : mount,
);

interface Change {
  words: string[];
  /** Path → value; undefined: what stood there is gone. */
  changed: Record<string, unknown>;
}

const changes: Change[] = [
  { words: ["--args", "echo", "--args", "a,b"], changed: { "process.args": ["echo", "a,b"] } },
  { words: ["--env", "A=b=c"], changed: { "process.env": [...env, "A=b=c"] } },
  { words: ["-e", "TERM=x", "-e", "A=", "-e", "A=1"], changed: { "process.env": [env[0], "TERM=x", "A=1"] } },
  { words: ["--cwd", "/tmp"], changed: { "process.cwd": "/tmp" } },
  { words: ["--user", "5"], changed: { "process.user.uid": 5 } },
  { words: ["-u", "5:6"], changed: { "process.user.uid": 5, "process.user.gid": 6 } },
  { words: ["--terminal"], changed: {} },
  { words: ["--no-terminal"], changed: { "process.terminal": false } },
  { words: ["--terminal=false"], changed: { "process.terminal": false } },
  { words: ["--no-terminal=false"], changed: {} },
  { words: ["--hostname", "h"], changed: { hostname: "h" } },
  { words: ["--hostname="], changed: { hostname: undefined } },
  { words: ["--rootfs", "/r"], changed: { "root.path": "/r" } },
  { words: ["--readonly"], changed: {} },
  { words: ["--readonly=false"], changed: { "root.readonly": false } },
  { words: ["--no-readonly"], changed: { "root.readonly": false } },
  {
    words: ["--mount", "type=bind,source=/a,destination=/b,options=ro:nosuid"],
    changed: {
      mounts: [
        ...mounts,
        { destination: "/b", type: "bind", source: "/a", options: ["rbind", "ro", "nosuid"] },
      ],
    },
  },
  {
    words: ["--mount", 'type=bind,"src=/a,b",dst=/b,bind,readonly'],
    changed: {
      mounts: [...mounts, { destination: "/b", type: "bind", source: "/a,b", options: ["bind", "ro"] }],
    },
  },
  {
    words: ["--mount", "type=overlay,source=o,target=/o,option=lowerdir=/a:/b,options=ro"],
    changed: {
      mounts: [
        ...mounts,
        { destination: "/o", type: "overlay", source: "o", options: ["lowerdir=/a:/b", "ro"] },
      ],
    },
  },
  {
    words: ["--mount", "type=proc,destination=/proc/"],
    changed: {
      mounts: [{ destination: "/proc/", type: "proc", source: "proc", options: [] }, ...mounts.slice(1)],
    },
  },
  {
    words: ["--tmpfs", "/run", "--tmpfs", "/t:exec,size=1m"],
    changed: {
      mounts: [
        ...mounts,
        { destination: "/run", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "noexec"] },
        {
          destination: "/t",
          type: "tmpfs",
          source: "tmpfs",
          options: ["nosuid", "nodev", "exec", "size=1m"],
        },
      ],
    },
  },
  { words: ["--cap-add", "net_admin"], changed: sets((names) => [...names, "CAP_NET_ADMIN"]) },
  {
    words: ["--cap-drop", "CAP_KILL"],
    changed: sets((names) => names.filter((name) => name !== "CAP_KILL")),
  },
  { words: ["--cap-drop", "all", "--cap-add", "CHOWN"], changed: sets(() => ["CAP_CHOWN"]) },
  { words: ["--memory", "64m"], changed: { "linux.resources.memory": { limit: 67_108_864 } } },
  { words: ["--memory", "-1"], changed: { "linux.resources.memory": { limit: -1 } } },
  { words: ["--cpus", "1.5"], changed: { "linux.resources.cpu": { quota: 150_000, period: 100_000 } } },
  { words: ["--pids-limit", "10"], changed: { "linux.resources.pids": { limit: 10 } } },
  {
    words: ["--device", "c:10:229:/dev/fuse"],
    changed: {
      "linux.devices": [fuse],
      "linux.resources.devices": [denied, { allow: true, type: "c", major: 10, minor: 229, access: "rwm" }],
    },
  },
  {
    words: ["--sysctl", "net.core.somaxconn=10"],
    changed: { "linux.sysctl": { "net.core.somaxconn": "10" } },
  },
  { words: ["--annotation", "a=b=c", "--annotation", "d="], changed: { annotations: { a: "b=c", d: "" } } },
  {
    words: [
      "--hook",
      "kind=prestart,path=/bin/true,arg=x,env=A=b,timeout=3",
      "--hook",
      "kind=poststop,path=/p",
    ],
    changed: {
      hooks: {
        prestart: [{ path: "/bin/true", args: ["/bin/true", "x"], env: ["A=b"], timeout: 3 }],
        poststop: [{ path: "/p" }],
      },
    },
  },
  {
    words: ["--userns", "0:100000:65536"],
    changed: {
      "linux.namespaces": types("pid", "network", "ipc", "uts", "mount", "user"),
      "linux.uidMappings": mapped,
      "linux.gidMappings": mapped,
    },
  },
  {
    words: ["--userns", "0:1000:1"],
    changed: {
      mounts: withoutGid,
      "linux.namespaces": types("pid", "network", "ipc", "uts", "mount", "user"),
      "linux.uidMappings": [{ containerID: 0, hostID: 1000, size: 1 }],
      "linux.gidMappings": [{ containerID: 0, hostID: 1000, size: 1 }],
    },
  },
  {
    words: ["--userns", "/proc/1/ns/user"],
    changed: {
      "linux.namespaces": [
        ...types("pid", "network", "ipc", "uts", "mount"),
        { type: "user", path: "/proc/1/ns/user" },
      ],
    },
  },
  { words: ["--network", "none"], changed: {} },
  { words: ["--network", "host"], changed: { "linux.namespaces": types("pid", "ipc", "uts", "mount") } },
  {
    words: ["--network", "/run/netns/x"],
    changed: {
      "linux.namespaces": [
        { type: "pid" },
        { type: "network", path: "/run/netns/x" },
        ...types("ipc", "uts", "mount"),
      ],
    },
  },
  { words: ["--seccomp", "none"], changed: {} },
];

test.each(changes)("spec $words", async ({ words, changed }) => {
  const { spec, warnings } = await specOf(words);
  expect(differences(before, spec)).toEqual(changed);
  expect(warnings).toEqual([]);
});

test("of ALL capabilities those that are dropped are missing", async () => {
  const { spec } = await specOf(["--cap-add", "ALL", "--cap-drop", "SYS_ADMIN"]);
  const { bounding, effective, inheritable } = spec.process.capabilities;
  expect(bounding).toContain("CAP_CHECKPOINT_RESTORE");
  expect(bounding).not.toContain("CAP_SYS_ADMIN");
  expect(effective).toEqual(bounding);
  expect(inheritable).toBeUndefined();
});

test("a user namespace without a network of its own gets the host's /sys", async () => {
  const { spec } = await specOf(["--userns", "0:0:65536", "--network", "host"]);
  const sys = spec.mounts.find(({ destination }: { destination: string }) => destination === "/sys");
  expect(sys).toEqual({
    destination: "/sys",
    type: "none",
    source: "/sys",
    options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
  });
});

const refused: [words: string[], says: string][] = [
  [
    ["--cap-add", "NET_ADMN"],
    'invalid value "NET_ADMN" for flag -cap-add: unknown capability "NET_ADMN" (did you mean "CAP_NET_ADMIN"?)',
  ],
  [["--mount", "type=bind,source=/a"], 'for flag -mount: destination "" is not an absolute path'],
  [["--mount", "type=bind,destination=/a"], "source= is missing"],
  [["--mount", "source=/a,destination=/a"], "type= is missing"],
  [["--mount", "type=bind,sorce=/a,dst=/b"], 'unknown field "sorce" (did you mean "source"?): use type='],
  [["--mount", "type=bind,src=/a,dst=/b,nosiud"], '(did you mean "nosuid"?)'],
  [["--mount", "type=bind,src=/a,dst=/b,type"], 'unknown field "type"'],
  [["--mount", 'type=bind,src="/a",dst=/b'], "a double quote stands around a whole field"],
  [["--mount", "type=bind,src=/a,dst=/b,options=size=1m"], "mounts[7].options: bind mounts cannot have any"],
  [["--tmpfs", "run"], 'flag -tmpfs: "run" is not an absolute path'],
  [["--tmpfs", "/run:"], "has an empty option"],
  [["--hook", "kind=preStart,path=/a"], 'kind "preStart" is not prestart'],
  [["--hook", "kind=prestart,path=a"], 'path "a" is not an absolute path'],
  [["--hook", "kind=prestart,path=/a,timeout=0"], 'timeout "0" is not a number of seconds'],
  [["--hook", "kind=prestart,path=/a,args=b"], 'unknown field "args" (did you mean "arg"?): use kind='],
  [["--cpus", "0"], 'flag -cpus: "0" is not a number of CPUs'],
  [["--cpus", "1e3"], "is not a number of CPUs"],
  [["--device", "/etc/passwd"], "/etc/passwd is not a device"],
  [["--device", "/dev/there-is-none"], "on this host: ENOENT"],
  [["--device", "c:10:229"], "is not a device such as"],
  [["--device", "x:10:229:/dev/x"], "is not a device such as"],
  [
    ["--network", "nome"],
    '"nome" is not host, none or the absolute path of a network namespace (did you mean "none"?)',
  ],
  [["--userns", "0:1000"], "or mappings container:host:size"],
  [["--userns", "0:1000:99999999999"], "or mappings container:host:size"],
  [["--userns", "0:1000:0"], "linux.uidMappings[0].size"],
  [["--cwd", "tmp"], 'flag -cwd: "tmp" is not an absolute path'],
  [["--env", "A"], "missing '='"],
  [["--sysctl", "a"], 'flag -sysctl: "a" is not name=value'],
  [["--sysctl", "vm.swappiness=1"], "is not in a separate kernel namespace"],
  [["--sysctl", "net.core.somaxconn=1", "--network", "host"], "not allowed in host network namespace"],
  [["--annotation", "=b"], 'flag -annotation: "=b" is not name=value'],
  [["--user", "root"], "bad uid"],
  [["--memory", "5q"], "is not a size"],
  [["--hostname", "x".repeat(65)], "at most 64 bytes"],
  [["--rootfs="], "root.path: found"],
  [["--from", "/a", "--rootless"], "--from and --rootless exclude each other"],
  [["--rootless", "--mount", "type=tmpfs,destination=/t,options=gid=7", "--userns", "0:1000:1"], "gid=7"],
];

test.each(refused)("spec %p is refused: %s", async (words, says) => {
  await expect(specOf(words)).rejects.toThrow(says);
});
