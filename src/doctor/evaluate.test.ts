import { describe, expect, test } from "bun:test";
import type { FactsReply } from "../native/boundary.gen.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import { canRun, evaluate } from "./evaluate.ts";
import type { DoctorFacts } from "./facts.ts";
import { ALL, calls, facts, level } from "./fake-facts.ts";
import type { Verdict } from "./finding.ts";
import { doctorText } from "./text.ts";

test("where everything is there nothing is said to be missing", () => {
  const findings = evaluate(facts());
  expect(findings.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  expect(doctorText(findings)).toEndWith("A default container can run here, and nothing is missing.");
});

type Row = [
  name: string,
  verdict: Verdict,
  found: string,
  changes: Partial<DoctorFacts>,
  host?: Partial<FactsReply>,
];

const user = { euid: 1000, egid: 1000 };
const programs = facts().programs;

const table: Row[] = [
  ["version", "missing", "5.10.0", {}, { release: "5.10.0" }],
  ["version", "ok", "5.14.0", {}, { release: "5.14.0" }],
  ["openat2", "missing", "openat2: ENOSYS", { calls: calls({ openat2: ERRNO.NOSYS }) }],
  ["openat2", "missing", "openat2: ENOSYS", { calls: [] }],
  ["clone3", "missing", "clone3: EPERM", { calls: calls({ clone3: ERRNO.PERM }) }],
  ["mount API", "missing", "fsopen: ENOSYS, fsmount: EPERM", { calls: calls({ fsopen: 38, fsmount: 1 }) }],
  ["mount API", "ok", "open_tree", { calls: calls({ fsopen: ERRNO.PERM }) }, user],
  ["keyrings", "limited", "keyctl: ENOSYS", { calls: calls({ keyctl: ERRNO.NOSYS }) }],
  ["namespaces", "limited", "mnt, pid, net, ipc, uts", { namespaces: ["mnt", "pid", "net", "ipc", "uts"] }],
  ["namespaces", "missing", "none", { namespaces: [] }],
  ["overlay by layers", "limited", "6.1.0 is older than 6.8", {}, { release: "6.1.0" }],
  ["overlay", "limited", "not in", { fileSystems: ["proc"] }],
  ["/dev/null", "missing", "nothing", { nullDevice: false }],
  ["CAP_SYS_ADMIN", "missing", "not in the effective set", { capabilities: 0n }],
  ["CAP_SYS_RESOURCE", "limited", "not in the effective set", { capabilities: ~(1n << 24n) & 0xffffffffffn }],
  ["user", "ok", "uid 1000", { capabilities: 0n }, user],
  ["memory", "limited", "the kernel does not have it", { cgroupPath: [level("/c", ["pids"])] }],
  [
    "memory",
    "limited",
    "switched off at boot",
    { cgroupPath: [level("/c", ["pids"])], controllers: new Map([["memory", false]]) },
  ],
  [
    "memory",
    "limited",
    "stops at /c/a, which does not pass it on",
    { cgroupPath: [level("/c", ALL), level("/c/a", ALL), level("/c/a/b", ["pids"])] },
  ],
  ["writable", "missing", "/sys/fs/cgroup is mounted read-only", { readOnlyCgroups: "/sys/fs/cgroup" }],
  ["writable", "limited", "/sys/fs/cgroup is mounted read-only", { readOnlyCgroups: "/sys/fs/cgroup" }, user],
  ["delegation", "limited", "/c belongs to uid 0", { cgroupPath: [level("/c", ALL)] }, user],
  ["delegation", "limited", "/c belongs to an unknown user", { cgroupPath: [level("/c", ALL, -1)] }, user],
  ["delegation", "ok", "/c belongs to uid 1000", { cgroupPath: [level("/c", ALL, 1000)] }, user],
  ["device rules", "missing", "bpf: ENOSYS", { calls: calls({ bpf: ERRNO.NOSYS }) }],
  ["device rules", "ok", "bpf", { calls: calls({ bpf: ERRNO.PERM }) }, user],
  ["cgroup.kill", "limited", "no such file in our cgroup", { cgroupKill: false }],
  ["pressure", "limited", "no /proc/pressure", { pressure: false }],
  ["mode", "missing", "v1 (0 hierarchies", {}, { cgroup_file_system: "", mountinfo: "", self_cgroup: "" }],
  [
    "mode",
    "limited",
    "v1 (0 hierarchies",
    {},
    { ...user, cgroup_file_system: "", mountinfo: "", self_cgroup: "" },
  ],
  ["seccomp", "limited", "no /proc/sys/kernel/seccomp", { seccompActions: [] }],
  ["seccomp notify", "limited", "not among", { seccompActions: ["allow"] }],
  ["AppArmor", "limited", "not enabled", {}, { apparmor: "N\n" }],
  ["SELinux", "limited", "not enabled", {}, { mountinfo: "" }],
  ["modules", "ok", "unknown", { securityModules: [] }],
  [
    "available",
    "limited",
    "the kernel has none",
    { userNamespaces: { max: undefined, switchedOff: false, restrictedByApparmor: false } },
  ],
  [
    "available",
    "missing",
    "max_user_namespaces is 0",
    { userNamespaces: { max: 0, switchedOff: false, restrictedByApparmor: false } },
    user,
  ],
  [
    "available",
    "missing",
    "unprivileged_userns_clone is 0",
    { userNamespaces: { max: 9, switchedOff: true, restrictedByApparmor: false } },
    user,
  ],
  [
    "available",
    "missing",
    "apparmor_restrict",
    { userNamespaces: { max: 9, switchedOff: false, restrictedByApparmor: true } },
    user,
  ],
  ["id map helpers", "limited", "newgidmap is not on PATH", { programs: { ...programs, newgidmap: "" } }],
  ["subordinate ids", "limited", "u has no line", { subordinateIds: { uid: true, gid: false } }, user],
  ["subordinate ids", "ok", "root needs none", { subordinateIds: { uid: false, gid: false } }],
  ["systemd", "limited", "is not pid 1", { systemd: false }],
  ["system D-Bus", "limited", "its socket is not there", { systemBus: "" }],
  ["user D-Bus", "limited", "its socket is not there", { userBus: "" }, user],
  ["XDG_RUNTIME_DIR", "limited", "not set", { xdgRuntimeDirectory: "" }, user],
  ["criu", "limited", "not on PATH", { programs: { ...programs, criu: "" } }],
  ["start", "ok", "from its image", {}],
  ["start", "limited", "without an image", { start: "none" }],
  ["start", "limited", "BUNC_START=normal", { start: "asked" }],
  ["start", "limited", "processor", { start: "processor" }],
  ["start", "limited", "memory", { start: "memory" }],
  ["ps", "limited", "not on PATH", { programs: { ...programs, ps: "" } }],
];

describe("findings", () => {
  test.each(table)("%s: %s: %s", (name, verdict, found, changes, host = {}) => {
    const findings = evaluate(facts(changes, host));
    const [finding, ...more] = findings.filter((candidate) => candidate.name === name);
    expect(more).toEqual([]);
    expect(finding?.verdict).toBe(verdict);
    expect(finding?.found).toContain(found);
    // Everything that is missing says what for, and how to get it.
    expect([finding?.without === "", finding?.fix === ""]).toEqual([verdict === "ok", verdict === "ok"]);
    if (verdict === "missing") expect(canRun(findings)).toBe(false);
    else expect(doctorText(findings)).toContain(name);
  });
});

test("hybrid: controllers by their hierarchies", () => {
  const hybrid = {
    cgroup_file_system: "tmpfs",
    self_cgroup: "3:memory:/\n2:devices:/\n0::/\n",
    mountinfo: `32 31 0:29 / /cg/memory rw - cgroup cgroup rw,memory
33 31 0:30 / /cg/devices rw - cgroup cgroup rw,devices
34 31 0:31 / /cg/unified rw - cgroup2 cgroup2 rw
`,
  };
  const findings = evaluate(facts({}, hybrid));
  const verdicts = Object.fromEntries(
    findings.filter(({ area }) => area === "cgroups").map(({ name, verdict }) => [name, verdict]),
  );
  expect(verdicts).toMatchObject({
    mode: "ok",
    memory: "ok",
    blkio: "limited",
    freezer: "limited",
    unified: "limited",
    delegation: "ok",
  });
  expect(canRun(findings)).toBe(true);
});
