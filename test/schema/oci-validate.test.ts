/**
 * `validate` beside `validate` of oci-runtime-tool 0.9.0 (Debian's golang-github-opencontainers-runtime-tools): what it said
 * is recorded here.
 */
import { expect, test } from "bun:test";
import { findingsOf } from "../../src/container/examine.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";

// biome-ignore lint/suspicious/noExplicitAny: JSON, looked at freely
type Raw = any;

const mapping = [{ containerID: 0, hostID: 1000, size: 100 }];

type Verdict = "error" | "warning" | "nothing";

interface Validated {
  mistake: string;
  change: (config: Raw) => void;
  /** What oci-runtime-tool made of it; its own schema comes over the network, and is not part of this. */
  theirs: Verdict;
  ours: Verdict;
  reason?: string;
}

const AS_RUNC = "runc starts it: a warning";
const HOST = "what depends on the machine is for explain";
const SHAPE = "its rules leave this to the schema, which it fetches";

const validated: Validated[] = [
  { mistake: "none", change: () => {}, theirs: "nothing", ours: "nothing" },
  {
    mistake: "cwd is relative",
    change: (c) => {
      c.process.cwd = "tmp";
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "no args",
    change: (c) => {
      c.process.args = [];
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "no process",
    change: (c) => {
      c.process = undefined;
    },
    theirs: "nothing",
    ours: "error",
    reason: "runc refuses it",
  },
  {
    mistake: "env without =",
    change: (c) => {
      c.process.env = ["A"];
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a capability that nobody knows",
    change: (c) => {
      c.process.capabilities.bounding = ["CAP_FOO"];
    },
    theirs: "error",
    ours: "warning",
    reason: AS_RUNC,
  },
  {
    mistake: "an ambient capability that is not inheritable",
    change: (c) => {
      c.process.capabilities.ambient = ["CAP_KILL"];
    },
    theirs: "error",
    ours: "warning",
    reason: AS_RUNC,
  },
  {
    mistake: "an rlimit that nobody knows",
    change: (c) => {
      c.process.rlimits[0].type = "RLIMIT_FOO";
    },
    theirs: "warning",
    ours: "error",
    reason: "runc refuses it",
  },
  {
    mistake: "an rlimit twice",
    change: (c) => {
      c.process.rlimits.push(c.process.rlimits[0]);
    },
    theirs: "error",
    ours: "warning",
    reason: AS_RUNC,
  },
  {
    mistake: "soft above hard",
    change: (c) => {
      c.process.rlimits[0].soft = 4096;
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a relative mount",
    change: (c) => {
      c.mounts.push({ destination: "a", type: "tmpfs", source: "t" });
    },
    theirs: "error",
    ours: "warning",
    reason: AS_RUNC,
  },
  {
    mistake: "a file system that nobody knows",
    change: (c) => {
      c.mounts.push({ destination: "/a", type: "nofs", source: "t" });
    },
    theirs: "nothing",
    ours: "nothing",
  },
  {
    mistake: "a host name without a UTS namespace",
    change: (c) => {
      c.linux.namespaces = [{ type: "mount" }];
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a namespace twice",
    change: (c) => {
      c.linux.namespaces.push({ type: "pid" });
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a namespace that nobody knows",
    change: (c) => {
      c.linux.namespaces.push({ type: "x" });
    },
    theirs: "nothing",
    ours: "error",
    reason: SHAPE,
  },
  {
    mistake: "a relative path of a namespace",
    change: (c) => {
      c.linux.namespaces[0].path = "a";
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "mappings without a user namespace",
    change: (c) => {
      c.linux.uidMappings = mapping;
    },
    theirs: "error",
    ours: "warning",
    reason: AS_RUNC,
  },
  {
    mistake: "a sysctl of the host's network",
    change: (c) => {
      c.linux.sysctl = { "net.x": "1" };
      c.linux.namespaces = c.linux.namespaces.filter((each: Raw) => each.type !== "network");
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a sysctl of the host",
    change: (c) => {
      c.linux.sysctl = { "vm.swappiness": "1" };
    },
    theirs: "nothing",
    ours: "error",
    reason: "runc refuses it",
  },
  {
    mistake: "a relative path of a hook",
    change: (c) => {
      c.hooks = { prestart: [{ path: "a" }] };
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a hook with timeout 0",
    change: (c) => {
      c.hooks = { prestart: [{ path: "/a", timeout: 0 }] };
    },
    theirs: "nothing",
    ours: "warning",
    reason: "the specification has it greater than zero",
  },
  {
    mistake: "ociVersion x",
    change: (c) => {
      c.ociVersion = "x";
    },
    theirs: "error",
    ours: "warning",
    reason: AS_RUNC,
  },
  {
    mistake: "ociVersion 2.0.0",
    change: (c) => {
      c.ociVersion = "2.0.0";
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "no root",
    change: (c) => {
      c.root = undefined;
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a root that is not there",
    change: (c) => {
      c.root.path = "nope";
    },
    theirs: "error",
    ours: "nothing",
    reason: HOST,
  },
  {
    mistake: "a propagation that nobody knows",
    change: (c) => {
      c.linux.rootfsPropagation = "x";
    },
    theirs: "nothing",
    ours: "error",
    reason: SHAPE,
  },
  {
    mistake: "a device of no type",
    change: (c) => {
      c.linux.devices = [{ path: "/dev/x", type: "x", major: 1, minor: 1 }];
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a device rule without access",
    change: (c) => {
      c.linux.resources.devices = [{ allow: true, access: "x" }];
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a page size that is none",
    change: (c) => {
      c.linux.resources.hugepageLimits = [{ pageSize: "2x", limit: 1 }];
    },
    theirs: "nothing",
    ours: "error",
    reason: SHAPE,
  },
  {
    mistake: "a limit that is text",
    change: (c) => {
      c.linux.resources.memory = { limit: "1" };
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "a relative masked path",
    change: (c) => {
      c.linux.maskedPaths = ["a"];
    },
    theirs: "error",
    ours: "warning",
    reason: AS_RUNC,
  },
  {
    mistake: "a seccomp action that nobody knows",
    change: (c) => {
      c.linux.seccomp = { defaultAction: "x" };
    },
    theirs: "nothing",
    ours: "error",
    reason: SHAPE,
  },
  {
    mistake: "an annotation that is a number",
    change: (c) => {
      c.annotations = { a: 1 };
    },
    theirs: "error",
    ours: "error",
  },
  {
    mistake: "oomScoreAdj 5000",
    change: (c) => {
      c.process.oomScoreAdj = 5000;
    },
    theirs: "nothing",
    ours: "error",
    reason: "the kernel refuses it",
  },
  {
    mistake: "a member that nobody knows",
    change: (c) => {
      c.foo = 1;
    },
    theirs: "nothing",
    ours: "nothing",
  },
  {
    mistake: "uid -1",
    change: (c) => {
      c.process.user.uid = -1;
    },
    theirs: "error",
    ours: "error",
  },
];

test.each(validated)("validate: $mistake", ({ change, theirs, ours, reason }) => {
  const config = structuredClone(defaultSpec({ cgroupV2: false }));
  change(config);
  const { errors, warnings } = findingsOf("config", "config.json", JSON.stringify(config));
  const verdict = errors.length > 0 ? "error" : warnings.length > 0 ? "warning" : "nothing";
  expect(verdict).toBe(ours);
  expect(reason === undefined).toBe(theirs === ours);
});
