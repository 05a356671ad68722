/**
 * `spec` beside `generate` of oci-runtime-tool 0.9.0 (Debian's golang-github-opencontainers-runtime-tools): what it wrote
 * is recorded here.
 */
import { expect, test } from "bun:test";
import { parseCommandLine } from "../../src/cli/program.ts";
import { changedSpec } from "../../src/commands/changed-spec.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import type { VerbOptions } from "../../src/verbs/verbs.ts";

// biome-ignore lint/suspicious/noExplicitAny: JSON, looked at freely
type Raw = any;

interface Generated {
  /** Flags of oci-runtime-tool generate. */
  theirs: string;
  /** Flags of bunc spec that are for the same. */
  ours: string[];
  /** What both write, or "refused". */
  written: (spec: Raw) => unknown;
  /** What oci-runtime-tool wrote. */
  value: unknown;
  /** Where ours is otherwise, and why. */
  otherwise?: { value: unknown; reason: string };
}

const REFUSED = "refused";
const last = (list: Raw[]) => list.at(-1);
const fuse = { path: "/dev/fuse", type: "c", major: 10, minor: 229 };
const mapping = [{ containerID: 0, hostID: 1000, size: 100 }];
const bind = { destination: "/b", type: "bind", source: "/a", options: ["rbind", "ro"] };

const generated: Generated[] = [
  {
    theirs: "--args echo --args a,b",
    ours: ["--args", "echo", "--args", "a,b"],
    written: ({ process }) => process.args,
    value: ["echo", "a,b"],
  },
  {
    theirs: "--env A=b=c",
    ours: ["--env", "A=b=c"],
    written: ({ process }) => last(process.env),
    value: "A=b=c",
  },
  {
    theirs: "--env PATH=/x",
    ours: ["--env", "PATH=/x"],
    written: ({ process }) => process.env.filter((each: string) => each.startsWith("PATH=")).length,
    value: 2,
    otherwise: { value: 1, reason: "of a variable that is there twice, programs take the first or the last" },
  },
  { theirs: "--env A", ours: ["--env", "A"], written: () => undefined, value: REFUSED },
  {
    theirs: "--process-cwd /tmp",
    ours: ["--cwd", "/tmp"],
    written: ({ process }) => process.cwd,
    value: "/tmp",
  },
  {
    theirs: "--process-cwd tmp",
    ours: ["--cwd", "tmp"],
    written: ({ process }) => process.cwd,
    value: "tmp",
    otherwise: { value: REFUSED, reason: "create refuses it" },
  },
  {
    theirs: "--process-uid 5",
    ours: ["--user", "5"],
    written: ({ process }) => process.user,
    value: { uid: 5, gid: 0 },
  },
  {
    theirs: "--process-uid 5 --process-gid 6",
    ours: ["--user", "5:6"],
    written: ({ process }) => process.user,
    value: { uid: 5, gid: 6 },
  },
  { theirs: "--hostname h", ours: ["--hostname", "h"], written: ({ hostname }) => hostname, value: "h" },
  { theirs: "--hostname ''", ours: ["--hostname="], written: ({ hostname }) => hostname, value: undefined },
  { theirs: "--rootfs-path /r", ours: ["--rootfs", "/r"], written: ({ root }) => root.path, value: "/r" },
  { theirs: "--rootfs-readonly", ours: ["--readonly"], written: ({ root }) => root.readonly, value: true },
  {
    theirs: "--process-terminal",
    ours: ["--terminal"],
    written: ({ process }) => process.terminal,
    value: true,
  },
  {
    theirs: '--mounts-add {"destination":"/b","type":"bind","source":"/a","options":["rbind","ro"]}',
    ours: ["--mount", "type=bind,source=/a,destination=/b,options=rbind:ro"],
    written: ({ mounts }) => last(mounts),
    value: bind,
  },
  {
    theirs: '--mounts-add {"destination":"/proc","type":"proc","source":"proc"}',
    ours: ["--mount", "type=proc,destination=/proc"],
    written: ({ mounts }) => mounts.filter((mount: Raw) => mount.destination === "/proc").length,
    value: 2,
    otherwise: { value: 1, reason: "what is mounted there already would only be covered" },
  },
  {
    theirs: "--process-cap-add CAP_NET_ADMIN",
    ours: ["--cap-add", "CAP_NET_ADMIN"],
    written: ({ process }) => last(process.capabilities.bounding),
    value: "CAP_NET_ADMIN",
  },
  {
    theirs: "--process-cap-add CAP_NET_ADMIN",
    ours: ["--cap-add", "CAP_NET_ADMIN"],
    written: ({ process }) => process.capabilities.ambient?.includes("CAP_NET_ADMIN") ?? false,
    value: true,
    otherwise: {
      value: false,
      reason: "as docker and runc since 1.2: ambient capabilities reach programs of a user without any",
    },
  },
  {
    theirs: "--process-cap-add net_admin",
    ours: ["--cap-add", "net_admin"],
    written: ({ process }) => last(process.capabilities.bounding),
    value: REFUSED,
    otherwise: { value: "CAP_NET_ADMIN", reason: "as docker takes it" },
  },
  {
    theirs: "--process-cap-add CAP_FOO",
    ours: ["--cap-add", "CAP_FOO"],
    written: () => undefined,
    value: REFUSED,
  },
  {
    theirs: "--process-cap-drop CAP_KILL",
    ours: ["--cap-drop", "CAP_KILL"],
    written: ({ process }) => process.capabilities.permitted.includes("CAP_KILL"),
    value: false,
  },
  {
    theirs: "--process-cap-drop-all",
    ours: ["--cap-drop", "ALL"],
    written: ({ process }) => process.capabilities.bounding,
    value: undefined,
    otherwise: { value: [], reason: "said, where a missing set could be meant for the runtime's default" },
  },
  {
    theirs: "--linux-mem-limit 67108864",
    ours: ["--memory", "67108864"],
    written: ({ linux }) => linux.resources.memory,
    value: { limit: 67_108_864 },
  },
  {
    theirs: "--linux-mem-limit 64m",
    ours: ["--memory", "64m"],
    written: ({ linux }) => linux.resources.memory,
    value: REFUSED,
    otherwise: { value: { limit: 67_108_864 }, reason: "as docker takes it" },
  },
  {
    theirs: "--linux-cpu-quota 150000 --linux-cpu-period 100000",
    ours: ["--cpus", "1.5"],
    written: ({ linux }) => linux.resources.cpu,
    value: { quota: 150_000, period: 100_000 },
  },
  {
    theirs: "--linux-pids-limit -1",
    ours: ["--pids-limit", "-1"],
    written: ({ linux }) => linux.resources.pids,
    value: { limit: -1 },
  },
  {
    theirs: "--linux-device-add c:10:229:/dev/fuse",
    ours: ["--device", "c:10:229:/dev/fuse"],
    written: ({ linux }) => linux.devices,
    value: [fuse],
  },
  {
    theirs: "--linux-device-add c:10:229:/dev/fuse",
    ours: ["--device", "c:10:229:/dev/fuse"],
    written: ({ linux }) => linux.resources.devices.length,
    value: 1,
    otherwise: { value: 2, reason: "as docker: a device that may not be opened is of no use" },
  },
  {
    theirs: "--linux-device-add x:10:229:/dev/fuse",
    ours: ["--device", "x:10:229:/dev/fuse"],
    written: () => undefined,
    value: REFUSED,
  },
  {
    theirs: "--linux-device-add c:10:229",
    ours: ["--device", "c:10:229"],
    written: () => undefined,
    value: REFUSED,
  },
  {
    theirs: "--linux-sysctl net.core.somaxconn=10",
    ours: ["--sysctl", "net.core.somaxconn=10"],
    written: ({ linux }) => linux.sysctl,
    value: { "net.core.somaxconn": "10" },
  },
  { theirs: "--linux-sysctl a", ours: ["--sysctl", "a"], written: () => undefined, value: REFUSED },
  {
    theirs: "--label a=b",
    ours: ["--annotation", "a=b"],
    written: ({ annotations }) => annotations,
    value: { a: "b" },
  },
  { theirs: "--label a", ours: ["--annotation", "a"], written: () => undefined, value: REFUSED },
  {
    theirs: '--hooks-prestart-add {"path":"/bin/true","args":["/bin/true","x"],"env":["A=b"],"timeout":3}',
    ours: ["--hook", "kind=prestart,path=/bin/true,arg=x,env=A=b,timeout=3"],
    written: ({ hooks }) => hooks,
    value: { prestart: [{ path: "/bin/true", args: ["/bin/true", "x"], env: ["A=b"], timeout: 3 }] },
  },
  {
    theirs: '--hooks-prestart-add {"path":"bin/true"}',
    ours: ["--hook", "kind=prestart,path=bin/true"],
    written: ({ hooks }) => hooks,
    value: { prestart: [{ path: "bin/true" }] },
    otherwise: { value: REFUSED, reason: "create refuses it" },
  },
  {
    theirs: "--linux-uidmappings 1000:0:100 --linux-gidmappings 1000:0:100",
    ours: ["--userns", "0:1000:100"],
    written: ({ linux }) => linux.gidMappings,
    value: mapping,
  },
  {
    theirs: "--linux-namespace-add network:/run/netns/x",
    ours: ["--network", "/run/netns/x"],
    written: ({ linux }) => linux.namespaces[1],
    value: { type: "network", path: "/run/netns/x" },
  },
  {
    theirs: "--linux-namespace-remove network",
    ours: ["--network", "host"],
    written: ({ linux }) => linux.namespaces.length,
    value: 4,
  },
];

test.each(generated)("generate $theirs", async ({ ours, written, value, otherwise }) => {
  const invocation = parseCommandLine(["spec", ...ours], "bunc").invocation;
  const write = async () => {
    const request = invocation();
    if (request.kind !== "verb") throw new Error(request.kind);
    const options = request.options as VerbOptions<"spec">;
    return JSON.parse(await changedSpec(options, () => defaultSpec({ cgroupV2: false }), {} as never));
  };
  const result = await write().then(written, () => REFUSED);
  expect(result).toEqual(otherwise === undefined ? value : otherwise.value);
});
