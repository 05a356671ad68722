import { describe, expect, test } from "bun:test";
import type { RuntimeError } from "../failure/errors.ts";
import { fakeTexts } from "../host/fake-texts.ts";
import { hostFacts } from "../host/host.ts";
import { parseConfig } from "./config.ts";
import type { Issue } from "./issue.ts";
import { stringifyJson } from "./json.ts";
import { loadProcess } from "./process-document.ts";
import type { ValidationFacts } from "./rules/rule.ts";
import { loadConfig } from "./validate.ts";

// biome-ignore lint/suspicious/noExplicitAny: documents under test have any shape
type Raw = any;

const facts: ValidationFacts = {
  host: hostFacts(fakeTexts),
  bundle: "/bundle",
  noPivot: false,
  rootlessCgroups: false,
};
const userFacts: ValidationFacts = {
  ...facts,
  host: hostFacts({ ...fakeTexts, euid: 1000, egid: 1000 }),
  rootlessCgroups: true,
};

function config(members: Raw = {}): Raw {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { args: ["sh"], cwd: "/" },
    linux: { namespaces: [{ type: "mount" }, { type: "pid" }] },
    ...members,
  };
}

const linux = (members: Raw, ...types: string[]) =>
  config({ linux: { namespaces: ["mount", "pid", ...types].map((type) => ({ type })), ...members } });
const process = (members: Raw) => config({ process: { args: ["sh"], cwd: "/", ...members } });
const mounts = (...list: Raw[]) => config({ mounts: list });
const id = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });

function issuesOf(text: string, given: ValidationFacts = facts): readonly Issue[] {
  try {
    loadConfig(text, given);
    return [];
  } catch (error) {
    return (error as RuntimeError).configErrors as readonly Issue[];
  }
}

describe("a mistake is reported with its path", () => {
  const table: [what: string, document: Raw, ...paths: string[]][] = [
    ["not an object", [], ""],
    ["version of another kind", config({ ociVersion: 1 }), "ociVersion"],
    ["version 2", config({ ociVersion: "2.0.0" }), "ociVersion"],
    ["no root", config({ root: undefined }), "root"],
    ["empty root path", config({ root: { path: "" } }), "root.path"],
    ["NUL in a path", config({ root: { path: "a\0b" } }), "root.path"],
    ["lone surrogate", config({ root: { path: "a\ud800" } }), "root.path"],
    ["readonly as a string", config({ root: { path: "a", readonly: "true" } }), "root.readonly"],
    ["no process", config({ process: undefined }), "process"],
    ["no args", process({ args: [] }), "process.args"],
    ["args missing", config({ process: { cwd: "/" } }), "process.args"],
    ["args with a number", process({ args: ["a", 1] }), "process.args[1]"],
    ["NUL in an argument", process({ args: ["a\0"] }), "process.args[0]"],
    ["null in a list", process({ env: ["A=1", null] }), "process.env[1]"],
    ["cwd missing", config({ process: { args: ["sh"] } }), "process.cwd"],
    ["cwd relative", process({ cwd: "tmp" }), "process.cwd"],
    ["env without =", process({ env: ["A=1", "B"] }), "process.env[1]"],
    ["env without name", process({ env: ["=x"] }), "process.env[0]"],
    ["uid too large", process({ user: { uid: 4294967296, gid: 0 } }), "process.user.uid"],
    ["no uid: (uid_t)-1", process({ user: { uid: 4294967295, gid: 0 } }), "process.user.uid"],
    ["no gid: (gid_t)-1", process({ user: { uid: 0, gid: 4294967295 } }), "process.user.gid"],
    [
      "no additional gid: (gid_t)-1",
      process({ user: { uid: 0, gid: 0, additionalGids: [1, 4294967295] } }),
      "process.user.additionalGids[1]",
    ],
    ["uid negative", process({ user: { uid: -1, gid: 0 } }), "process.user.uid"],
    ["uid as text", process({ user: { uid: "0", gid: 0 } }), "process.user.uid"],
    ["uid with a fraction", process({ user: { uid: 0.5, gid: 0 } }), "process.user.uid"],
    ["uid beyond 2^53", process({ user: { uid: 9007199254740993n, gid: 0 } }), "process.user.uid"],
    [
      "gid list",
      process({ user: { uid: 0, gid: 0, additionalGids: [1, "2"] } }),
      "process.user.additionalGids[1]",
    ],
    [
      "rlimit type",
      process({ rlimits: [{ type: "RLIMIT_X", soft: 1, hard: 1 }] }),
      "process.rlimits[0].type",
    ],
    ["rlimit type missing", process({ rlimits: [{ soft: 1, hard: 1 }] }), "process.rlimits[0].type"],
    [
      "rlimit beyond 64 bits",
      process({ rlimits: [{ type: "RLIMIT_CPU", soft: 1, hard: 18446744073709551616n }] }),
      "process.rlimits[0].hard",
    ],
    [
      "rlimit soft above hard",
      process({ rlimits: [{ type: "RLIMIT_CPU", soft: 9007199254740993n, hard: 9007199254740992n }] }),
      "process.rlimits[0].soft",
    ],
    ["oom score", process({ oomScoreAdj: 1001 }), "process.oomScoreAdj"],
    ["scheduler policy", process({ scheduler: { policy: "SCHED_X" } }), "process.scheduler.policy"],
    ["scheduler nice", process({ scheduler: { policy: "SCHED_OTHER", nice: 20 } }), "process.scheduler.nice"],
    [
      "scheduler priority",
      process({ scheduler: { policy: "SCHED_OTHER", priority: 1 } }),
      "process.scheduler.priority",
    ],
    [
      "scheduler runtime",
      process({ scheduler: { policy: "SCHED_OTHER", runtime: 1 } }),
      "process.scheduler.runtime",
    ],
    ["io class", process({ ioPriority: { class: "X", priority: 0 } }), "process.ioPriority.class"],
    [
      "io priority",
      process({ ioPriority: { class: "IOPRIO_CLASS_RT", priority: 8 } }),
      "process.ioPriority.priority",
    ],
    ["affinity", process({ execCPUAffinity: { final: "3-1" } }), "process.execCPUAffinity.final"],
    ["selinux without selinux", process({ selinuxLabel: "a:b" }), "process.selinuxLabel"],
    ["apparmor without apparmor", process({ apparmorProfile: "x" }), "process.apparmorProfile"],
    ["hostname without uts", config({ hostname: "x" }), "hostname"],
    ["domainname without uts", config({ domainname: "x" }), "domainname"],
    ["namespace type", linux({}, "foo"), "linux.namespaces[2].type"],
    ["namespace twice", linux({}, "pid"), "linux.namespaces[2].type"],
    [
      "namespace path",
      config({ linux: { namespaces: [{ type: "pid", path: "ns" }] } }),
      "linux.namespaces[0].path",
    ],
    ["user without mappings", linux({}, "user"), "linux.uidMappings"],
    ["user without gid mappings", linux({ uidMappings: [id(0, 1, 1)] }, "user"), "linux.gidMappings"],
    [
      "mapping of size 0",
      linux({ uidMappings: [id(0, 1, 0)], gidMappings: [id(0, 1, 1)] }, "user"),
      "linux.uidMappings[0].size",
    ],
    [
      "mappings that overlap",
      linux({ uidMappings: [id(0, 1, 10), id(5, 100, 1)], gidMappings: [id(0, 1, 1)] }, "user"),
      "linux.uidMappings[1]",
    ],
    [
      "mapping that ends beyond 32 bits",
      linux({ uidMappings: [id(0, 4294967295, 2)], gidMappings: [id(0, 1, 1)] }, "user"),
      "linux.uidMappings[0]",
    ],
    ["time offsets without time", linux({ timeOffsets: { monotonic: { secs: 1 } } }), "linux.timeOffsets"],
    ["unknown clock", linux({ timeOffsets: { realtime: {} } }, "time"), "linux.timeOffsets"],
    [
      "nanoseconds",
      linux({ timeOffsets: { boottime: { nanosecs: 1e9 } } }, "time"),
      "linux.timeOffsets.boottime.nanosecs",
    ],
    ["masked path with NUL", linux({ maskedPaths: ["/a\0b"] }), "linux.maskedPaths[0]"],
    ["masked without mount", config({ linux: { maskedPaths: ["/x"], namespaces: [] } }), "linux.maskedPaths"],
    [
      "read-only root without mount",
      config({ root: { path: "rootfs", readonly: true }, linux: {} }),
      "root.readonly",
    ],
    ["mounts without mount", config({ mounts: [{ destination: "/a", type: "tmpfs" }], linux: {} }), "mounts"],
    ["device type", linux({ devices: [{ path: "/dev/x", type: "z" }] }), "linux.devices[0].type"],
    ["device path", linux({ devices: [{ path: 5, type: "c" }] }), "linux.devices[0].path"],
    [
      "device owner (uid_t)-1",
      linux({ devices: [{ path: "/dev/x", type: "p", uid: 4294967295 }] }),
      "linux.devices[0].uid",
    ],
    [
      "device group (gid_t)-1",
      linux({ devices: [{ path: "/dev/x", type: "p", gid: 4294967295 }] }),
      "linux.devices[0].gid",
    ],
    [
      "device minor",
      linux({ devices: [{ path: "/dev/x", type: "c", minor: -1 }] }),
      "linux.devices[0].minor",
    ],
    ["propagation", linux({ rootfsPropagation: "Shared" }), "linux.rootfsPropagation"],
    ["personality", linux({ personality: { domain: "X" } }), "linux.personality.domain"],
    ["memory policy mode", linux({ memoryPolicy: { mode: "X" } }), "linux.memoryPolicy.mode"],
    [
      "memory policy flag",
      linux({ memoryPolicy: { mode: "MPOL_BIND", nodes: "0", flags: ["X"] } }),
      "linux.memoryPolicy.flags[0]",
    ],
    [
      "memory policy nodes",
      linux({ memoryPolicy: { mode: "MPOL_BIND", nodes: "a" } }),
      "linux.memoryPolicy.nodes",
    ],
    ["memory policy no nodes", linux({ memoryPolicy: { mode: "MPOL_BIND" } }), "linux.memoryPolicy.nodes"],
    [
      "memory policy nodes too many",
      linux({ memoryPolicy: { mode: "MPOL_LOCAL", nodes: "0" } }),
      "linux.memoryPolicy.nodes",
    ],
    ["net devices without network", linux({ netDevices: { eth0: {} } }), "linux.netDevices"],
    ["net device name", linux({ netDevices: { eth0: { name: "a/b" } } }, "network"), "linux.netDevices"],
    ["intelRdt without resctrl", linux({ intelRdt: { memBwSchema: "MB:0=1" } }), "linux.intelRdt"],
    ["seccomp action", linux({ seccomp: { defaultAction: "X" } }), "linux.seccomp.defaultAction"],
    [
      "seccomp notify as default",
      linux({ seccomp: { defaultAction: "SCMP_ACT_NOTIFY" } }),
      "linux.seccomp.defaultAction",
    ],
    [
      "seccomp notify on write",
      linux({
        seccomp: {
          defaultAction: "SCMP_ACT_ALLOW",
          listenerPath: "/s",
          syscalls: [{ names: ["read", "write"], action: "SCMP_ACT_NOTIFY" }],
        },
      }),
      "linux.seccomp.syscalls[0].names",
    ],
    [
      "seccomp notify without listener",
      linux({
        seccomp: {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{ names: ["read"], action: "SCMP_ACT_NOTIFY" }],
        },
      }),
      "linux.seccomp.listenerPath",
    ],
    [
      "seccomp argument",
      linux({
        seccomp: {
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [
            { names: ["read"], action: "SCMP_ACT_LOG", args: [{ index: 6, value: -1, op: "SCMP_CMP_X" }] },
          ],
        },
      }),
      "linux.seccomp.syscalls[0].args[0].index",
      "linux.seccomp.syscalls[0].args[0].value",
      "linux.seccomp.syscalls[0].args[0].op",
    ],
    ["sysctl value", linux({ sysctl: { "net.a": 1 } }, "network"), 'linux.sysctl["net.a"]'],
    ["sysctl of the host", linux({ sysctl: { "kernel.panic": "1" } }), "linux.sysctl"],
    ["sysctl without namespace", linux({ sysctl: { "net.ipv4.ip_forward": "1" } }), "linux.sysctl"],
    ["sysctl that climbs", linux({ sysctl: { "net/../kernel/panic": "1" } }, "network"), "linux.sysctl"],
    [
      "sysctl that climbs, dotted",
      linux({ sysctl: { "net...kernel.panic": "1" } }, "network"),
      "linux.sysctl",
    ],
    ["sysctl hostname", linux({ sysctl: { "kernel.hostname": "x" } }, "uts"), "linux.sysctl"],
    [
      "memory limit as text",
      linux({ resources: { memory: { limit: "1g" } } }),
      "linux.resources.memory.limit",
    ],
    [
      "memory limit beyond 64 bits",
      linux({ resources: { memory: { limit: 9223372036854775808n } } }),
      "linux.resources.memory.limit",
    ],
    [
      "device access",
      linux({ resources: { devices: [{ allow: true }] } }),
      "linux.resources.devices[0].access",
    ],
    ["blkio weight", linux({ resources: { blockIO: { weight: 65536 } } }), "linux.resources.blockIO.weight"],
    [
      "page size",
      linux({ resources: { hugepageLimits: [{ pageSize: "2M", limit: 1 }] } }),
      "linux.resources.hugepageLimits[0].pageSize",
    ],
    ["mount that is none", mounts(5), "mounts[0]"],
    ["mount without destination", mounts({ type: "tmpfs" }), "mounts[0].destination"],
    ["mount on the root", mounts({ destination: "/a/..", type: "tmpfs" }), "mounts[0].destination"],
    ["mount without type", mounts({ destination: "/a" }), "mounts[0].type"],
    ["bind without source", mounts({ destination: "/a", options: ["bind"] }), "mounts[0].source"],
    [
      "bind with data",
      mounts({ destination: "/a", source: "/b", options: ["bind", "size=1"] }),
      "mounts[0].options",
    ],
    [
      "copy-up elsewhere",
      mounts({ destination: "/a", type: "proc", options: ["tmpcopyup"] }),
      "mounts[0].options",
    ],
    ["inside /proc", mounts({ destination: "/proc/sys", type: "tmpfs" }), "mounts[0].destination"],
    ["on /proc", mounts({ destination: "/x/../proc", type: "tmpfs" }), "mounts[0].destination"],
    [
      "bind on /proc",
      mounts({ destination: "/proc", source: "/srv", options: ["bind"] }),
      "mounts[0].destination",
    ],
    [
      "id map of one kind",
      mounts({ destination: "/a", source: "/b", options: ["bind", "idmap"], uidMappings: [id(0, 1, 1)] }),
      "mounts[0].gidMappings",
    ],
    [
      "id map of none",
      mounts({ destination: "/a", source: "/b", options: ["bind", "idmap"] }),
      "mounts[0].uidMappings",
    ],
    ["hook path", config({ hooks: { prestart: [{ path: "x" }] } }), "hooks.prestart[0].path"],
    [
      "hook timeout",
      config({ hooks: { poststop: [{ path: "/x", timeout: -1 }] } }),
      "hooks.poststop[0].timeout",
    ],
    ["annotation", config({ annotations: { a: 1 } }), "annotations.a"],
    ["annotation key", config({ annotations: { "a\0b": "x" } }), 'annotations["a\\u0000b"]'],
    ["list instead of object", config({ linux: [] }), "linux"],
  ];
  for (const [what, document, ...paths] of table) {
    test(what, () => {
      expect(issuesOf(stringifyJson(document)).map((issue) => issue.path)).toEqual(paths);
    });
  }
});

test("every mistake is reported at once", () => {
  const issues = issuesOf(
    stringifyJson({
      ociVersion: "2.0.0",
      root: {},
      hostname: "x",
      process: { args: [], cwd: "x", user: { uid: -1 }, scheduler: { policy: "SCHED_OTHER", nice: 50 } },
      mounts: [{ destination: "/proc/sys", type: "tmpfs" }, 5, { destination: "/" }],
      linux: { namespaces: [{ type: "mount" }], maskedPaths: [5], sysctl: { "kernel.panic": "1" } },
    }),
  );
  expect(issues.map((issue) => issue.path).sort()).toEqual([
    "hostname",
    "linux.maskedPaths[0]",
    "linux.sysctl",
    "mounts[0].destination",
    "mounts[1]",
    "mounts[2].destination",
    "mounts[2].type",
    "ociVersion",
    "process.args",
    "process.cwd",
    "process.scheduler.nice",
    "process.user.uid",
    "root.path",
  ]);
});

describe("what is not a mistake", () => {
  const table: [what: string, text: string][] = [
    ["the smallest config", stringifyJson(config())],
    ["unknown properties", stringifyJson(config({ windows: {}, "org.example": 1, linux: { future: [] } }))],
    ["null for empty", stringifyJson(config({ mounts: null, hooks: null, annotations: null }))],
    ["older versions", stringifyJson(config({ ociVersion: "1.0.2-dev" }))],
    [
      "limits to the last bit",
      stringifyJson(linux({ resources: { memory: { limit: 9223372036854771712n, swap: -1 } } })),
    ],
    [
      "the largest IDs",
      stringifyJson(process({ user: { uid: 4294967294, gid: 4294967294, additionalGids: [4294967294] } })),
    ],
    [
      "an rlimit without limit",
      stringifyJson(
        process({
          rlimits: [{ type: "RLIMIT_CORE", soft: 18446744073709551615n, hard: 18446744073709551615n }],
        }),
      ),
    ],
    [
      "a joined user namespace with mappings",
      stringifyJson(
        config({
          linux: {
            namespaces: [{ type: "mount" }, { type: "user", path: "/proc/1/ns/user" }],
            uidMappings: [id(0, 1, 1)],
            gidMappings: [id(0, 1, 1)],
          },
        }),
      ),
    ],
    [
      "a bind of proc on /proc",
      stringifyJson(mounts({ destination: "/proc", source: "/proc", options: ["rbind"] })),
    ],
    ["lxcfs", stringifyJson(mounts({ destination: "/proc/meminfo", source: "/x", options: ["bind"] }))],
    ["no seccomp", stringifyJson(linux({ seccomp: {} }))],
  ];
  for (const [what, text] of table) test(what, () => expect(issuesOf(text)).toEqual([]));
});

describe("hostile documents", () => {
  test("keys that JavaScript objects know", () => {
    const text = `{"ociVersion":"1.3.0","root":{"path":"r"},"process":{"args":["a"],"cwd":"/"},
      "linux":{"namespaces":[{"type":"mount"}]},"__proto__":{"hostname":"evil"},
      "annotations":{"__proto__":"p","constructor":"c","toString":"t"}}`;
    const loaded = loadConfig(text, facts).value;
    expect(loaded.hostname).toBe("");
    expect(Object.entries(loaded.annotations)).toEqual([
      ["__proto__", "p"],
      ["constructor", "c"],
      ["toString", "t"],
    ]);
    expect(({} as Raw).hostname).toBeUndefined();
  });

  test("of duplicate keys the last one counts", () => {
    const text = stringifyJson(config()).replace('"root":', '"root":{"path":"first"},"root":');
    expect(parseConfig(text).root.path).toBe("rootfs");
  });

  test("64-bit numbers keep every digit", () => {
    const text = stringifyJson(linux({ resources: { memory: { limit: 9223372036854771711n } } }));
    expect(parseConfig(text).linux.resources?.memory?.limit).toBe(9223372036854771711n);
  });

  test("text that is no JSON", () => {
    for (const [text, place] of [
      ["", "1:1"],
      ["{", "1:2"],
      ["nul", "1:1"],
      ['{"ociVersion":"1.0.0"]', "1:22"],
    ]) {
      const places = issuesOf(text as string).map(({ path, line, column }) => [path, `${line}:${column}`]);
      expect(places).toEqual([["", place as string]]);
    }
    expect(issuesOf("null")[0]?.message).toBe("config cannot be null");
  });

  test("what is found is shortened", () => {
    const [issue] = issuesOf(stringifyJson(config({ root: { path: `\0${"x".repeat(1000)}` } })));
    expect(issue?.found.length).toBeLessThan(100);
  });
});

describe("sentences that clients and runc's tests look for", () => {
  const table: [document: Raw, sentence: string][] = [
    [config({ process: undefined }), "process property must not be empty"],
    [process({ args: [] }), "args must not be empty"],
    [process({ cwd: "x" }), "Cwd must be an absolute path"],
    [linux({ memoryPolicy: { mode: "X" } }), 'invalid memory policy mode "X"'],
    [linux({ memoryPolicy: { mode: "MPOL_BIND", nodes: "x" } }), 'invalid memory policy nodes "x"'],
    [
      linux({ memoryPolicy: { mode: "MPOL_BIND", nodes: "0", flags: ["F"] } }),
      'invalid memory policy flag "F"',
    ],
    [config({ hostname: "x" }), "unable to set hostname without a private UTS namespace"],
    [linux({}, "pid"), 'malformed spec file: duplicated ns "pid"'],
    [
      mounts({ destination: "/proc/x", type: "tmpfs" }),
      '"/proc/x" cannot be mounted because it is inside /proc',
    ],
    [
      linux({ seccomp: { defaultAction: "SCMP_ACT_NOTIFY" } }),
      "SCMP_ACT_NOTIFY cannot be used as default action",
    ],
    [
      linux({ memoryPolicy: { mode: "MPOL_DEFAULT", nodes: "0-7" } }),
      "memory policy mode requires 0 nodes but got 8",
    ],
  ];
  for (const [document, sentence] of table) {
    test(sentence, () => expect(issuesOf(stringifyJson(document))[0]?.message).toBe(sentence));
  }

  test("nothing in our own words turns an exit code", () => {
    const triggers =
      /permission denied|is a directory|not a directory|no such file|not permitted|does not exist/i;
    const documents = [
      config({ root: 1, process: 1, mounts: 1, linux: 1, hooks: 1 }),
      linux({ devices: [1] }),
    ];
    for (const document of documents) {
      for (const issue of issuesOf(stringifyJson(document)))
        expect(JSON.stringify(issue)).not.toMatch(triggers);
    }
  });
});

describe("an ordinary user", () => {
  const own = { uidMappings: [id(0, 1000, 1)], gidMappings: [id(0, 1000, 1)] };

  test("needs a user namespace", () => {
    const [issue] = issuesOf(stringifyJson(config()), userFacts);
    expect(issue?.message).toBe("rootless container requires user namespaces");
  });

  test("names mapped ids in mount options only", () => {
    const document = {
      ...linux(own, "user"),
      mounts: [{ destination: "/dev/pts", type: "devpts", options: ["gid=5", "uid=0"] }],
    };
    expect(issuesOf(stringifyJson(document), userFacts).map((issue) => issue.path)).toEqual([
      "mounts[0].options",
    ]);
  });
});

test("warnings", () => {
  const warn = (document: Raw) => loadConfig(stringifyJson(document), facts).warnings;
  expect(warn(config({ ociVersion: "1.9.0" }))).toHaveLength(1);
  const noMountNamespace = { rootfsPropagation: "shared", mountLabel: "label", namespaces: [] };
  expect(warn(config({ linux: noMountNamespace }))).toMatchObject([
    { path: "linux.rootfsPropagation", found: '"shared"' },
    { path: "linux.mountLabel", found: '"label"' },
  ]);
  expect(warn(mounts({ destination: "a", type: "tmpfs" }))).toMatchObject([
    { path: "mounts[0].destination", found: '"a"' },
  ]);
  expect(warn(linux({ resources: { memory: { kernel: 1 } } }))).toEqual([
    {
      path: "linux.resources.memory.kernel",
      found: "1",
      message: "Kernel memory settings are ignored and will be removed",
    },
  ]);
  expect(warn(config())).toEqual([]);
});

test("a process of its own has paths from its own document", () => {
  const load = (document: Raw) => loadProcess(stringifyJson(document), "p.json", facts).value;
  expect(load({ args: ["a"], cwd: "/" }).terminal).toBe(false);
  expect(() => load({ args: ["a"], cwd: "x", rlimits: [{ type: "RLIMIT_CPU", soft: 2, hard: 1 }] })).toThrow(
    "invalid p.json: 2 problems:\n  cwd: Cwd must be an absolute path",
  );
});

test("a misspelt word gets the one that was meant, and no list of all", () => {
  const seccomp = { defaultAction: "SCMP_ACT_ALLOW" };
  const rule = { names: ["a"], action: "SCMP_ACT_ALLOW" };
  const rlimit = { type: "RLIMIT_NOFIL", soft: 1, hard: 1 };
  const table: [document: Raw, path: string, meant: string][] = [
    [process({ rlimits: [rlimit] }), "process.rlimits[0].type", '"RLIMIT_NOFILE"'],
    [process({ scheduler: { policy: "SCHED_BACTH" } }), "process.scheduler.policy", '"SCHED_BATCH"'],
    [linux({}, "netwrok"), "linux.namespaces[2].type", '"network"'],
    [linux({ rootfsPropagation: "privat" }), "linux.rootfsPropagation", '"private"'],
    [
      linux({ seccomp: { defaultAction: "SCMP_ACT_ALOW" } }),
      "linux.seccomp.defaultAction",
      '"SCMP_ACT_ALLOW"',
    ],
    [
      linux({ seccomp: { ...seccomp, architectures: ["x86_64"] } }),
      "linux.seccomp.architectures[0]",
      '"SCMP_ARCH_X86_64"',
    ],
    [
      linux({
        seccomp: {
          ...seccomp,
          syscalls: [{ ...rule, args: [{ index: 0, value: 0, op: "SCMP_CMP_EG" }] }],
        },
      }),
      "linux.seccomp.syscalls[0].args[0].op",
      '"SCMP_CMP_EQ" or "SCMP_CMP_GE"',
    ],
  ];
  for (const [document, path, meant] of table) {
    const text = stringifyJson(document);
    expect(issuesOf(text).map((issue) => [issue.path, issue.suggestion])).toEqual([[path, meant]]);
    expect(() => loadConfig(text, facts)).toThrow(` (did you mean ${meant}?)`);
    expect(() => loadConfig(text, facts)).not.toThrow("accepted: one of");
  }
  const [other] = issuesOf(stringifyJson(linux({ rootfsPropagation: "sideways" })));
  expect([other?.suggestion, other?.accepted.slice(0, 6)]).toEqual([undefined, "one of"]);
});
