import { describe, expect, test } from "bun:test";
import { type FailureContext, failureError, NO_PROCESS } from "./failure.ts";
import { type Record as FailureRecord, failureOf } from "./fake-failure.ts";
import { wrapCommandError } from "./messages.ts";

type Case = [record: FailureRecord, message: string];

const context: FailureContext = {
  ...NO_PROCESS,
  process: "init",
  workingDirectory: "/work dir",
  user: { uid: 1000, gid: 100 },
  mounts: [
    { destination: "/proc", type: "proc", source: "proc", data: [] },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      data: [
        { key: "newinstance", value: null },
        { key: "gid", value: "5" },
      ],
    },
    { destination: "/data", type: "bind", source: "/srv/data", data: [] },
    { destination: "/", type: "overlay", source: "", data: [] },
  ].map((mount, index) => ({ subject: `mounts[${index}]`, ...mount })),
};

function error(record: FailureRecord, overrides: Partial<FailureContext> = {}) {
  return failureError(failureOf(record), { ...context, ...overrides });
}

const inInit = "unable to start container process: error during container init: ";

describe("in the container's first process", () => {
  const cases: Case[] = [
    [
      { code: "executable", op: "lookup", target: "nope", errno: "ENOENT" },
      'exec: "nope": executable file not found in $PATH',
    ],
    [
      { code: "executable", op: "lookup", target: "/nope", errno: "ENOENT" },
      'exec: "/nope": stat /nope: no such file or directory',
    ],
    [{ code: "executable", op: "lookup", target: "/etc", errno: "EISDIR" }, 'exec: "/etc": is a directory'],
    [
      { code: "executable", op: "lookup", target: "/etc/passwd", errno: "EACCES" },
      'exec: "/etc/passwd": permission denied',
    ],
    [
      { code: "executable", op: "execve", target: "/run.sh", errno: "ENOENT" },
      "exec /run.sh: no such file or directory",
    ],
    [
      { code: "executable", op: "execve", target: "/bin/arm", errno: "ENOEXEC" },
      "exec /bin/arm: exec format error",
    ],
    [
      { op: "fsmount", subject: "mounts[0]", target: "/proc", errno: "EPERM" },
      'error mounting "proc" to rootfs at "/proc": fsmount src=proc, dst=/proc: operation not permitted',
    ],
    [
      {
        op: "fsconfig",
        subject: "mounts[1].options",
        target: "/dev/pts",
        errno: "EINVAL",
        detail: "devpts: Bad value for 'gid'",
      },
      `error mounting "devpts" to rootfs at "/dev/pts": fsconfig src=devpts, dst=/dev/pts: invalid argument (devpts: Bad value for 'gid')`,
    ],
    [
      { op: "open_tree", subject: "mounts[2]", target: "/srv/data", errno: "ENOENT" },
      'error mounting "/srv/data" to rootfs at "/data": open_tree src=/srv/data, dst=/data: no such file or directory',
    ],
    [
      { op: "fsconfig", subject: "mounts[3]", target: "/", errno: "EPERM" },
      'error mounting "overlay" to rootfs at "/": fsconfig src=overlay, dst=/: operation not permitted',
    ],
    [
      { code: "unsafe_path", op: "openat2", subject: "mounts[0]", target: "/proc" },
      'error mounting "proc" to rootfs at "/proc": filesystem "proc" must be mounted on ordinary directory',
    ],
    [
      {
        code: "hook",
        op: "hook",
        target: "/hook",
        subject: "hooks.createContainer[1]",
        detail: "exit status 1 after 3 ms: its output",
      },
      "error running createContainer hook #1: /hook: exit status 1 after 3 ms: its output",
    ],
    [
      {
        code: "hook",
        op: "prestart",
        target: "/hook",
        subject: "hooks.prestart[0]",
        detail: "execve failed",
        errno: "EACCES",
      },
      "error running prestart hook #0: /hook: execve failed: permission denied",
    ],
    [
      { code: "hook", op: "newuidmap", target: "/usr/bin/newuidmap", detail: "exit status 1 after 2 ms" },
      "error running newuidmap: /usr/bin/newuidmap: exit status 1 after 2 ms",
    ],
    [
      {
        code: "executable",
        op: "lookup",
        target: "nope",
        detail: "cannot run executable found relative to current directory",
      },
      'exec: "nope": cannot run executable found relative to current directory',
    ],
    [
      { op: "chdir", subject: "process.cwd", errno: "EACCES" },
      'chdir to cwd ("/work dir") set in config.json failed: permission denied',
    ],
    [
      { op: "setresuid", subject: "process.user.uid", errno: "EINVAL" },
      "cannot setuid to unmapped uid 1000 in user namespace",
    ],
    [
      { op: "setresgid", subject: "process.user.gid", errno: "EINVAL" },
      "cannot setgid to unmapped gid 100 in user namespace",
    ],
    [
      { op: "setgroups", subject: "process.user", errno: "EINVAL" },
      "unable to setup user: setgroups: invalid argument",
    ],
    [
      { op: "setgroups", subject: "process.user.additionalGids", errno: "EPERM" },
      "unable to setup user: setgroups: operation not permitted",
    ],
    [
      { op: "capset", subject: "process.capabilities.effective", errno: "EPERM" },
      "unable to apply caps: capset: operation not permitted",
    ],
    [
      { op: "prctl", subject: "process.capabilities.bounding", errno: "EPERM" },
      "unable to apply bounding set: prctl: operation not permitted",
    ],
    [
      {
        op: "prctl(PR_CAP_AMBIENT_RAISE)",
        subject: "process.capabilities",
        target: "capability 0",
        errno: "EPERM",
      },
      "can't raise ambient capability CAP_CHOWN: operation not permitted",
    ],
    [
      { op: "pivot_root", subject: "root.path", target: "/r", errno: "EINVAL" },
      "error jailing process inside rootfs: pivot_root /r: invalid argument",
    ],
    [
      { op: "open_tree", subject: "root.path", target: "/r", errno: "ENOENT" },
      "error preparing rootfs: open_tree /r: no such file or directory",
    ],
    [
      { op: "mknodat", subject: "linux.devices[0]", target: "/dev/x", errno: "EPERM" },
      "error creating device nodes: mknodat /dev/x: operation not permitted",
    ],
    [
      { op: "mount", subject: "linux.maskedPaths[2]", target: "/proc/keys", errno: "EPERM" },
      `can't mask path "/proc/keys": operation not permitted`,
    ],
    [
      { op: "mount_setattr", subject: "linux.readonlyPaths[0]", target: "/proc/bus", errno: "EPERM" },
      `can't make "/proc/bus" read-only: operation not permitted`,
    ],
    [
      { op: "seccomp", subject: "linux.seccomp", errno: "EINVAL" },
      "unable to init seccomp: seccomp: invalid argument",
    ],
    [
      { op: "connect", subject: "linux.seccomp.listenerPath", target: "/run/a", errno: "ECONNREFUSED" },
      "failed to connect with seccomp agent specified in the seccomp profile: connect /run/a: connection refused",
    ],
    [
      {
        op: "socket",
        subject: 'annotations["run.oci.seccomp.receiver"]',
        target: "/run/a",
        errno: "EMFILE",
      },
      "failed to connect with seccomp agent specified in the seccomp profile: socket /run/a: too many open files",
    ],
    [
      { op: "write", subject: "process.apparmorProfile", target: "nope", errno: "ENOENT" },
      "unable to apply apparmor profile: write nope: no such file or directory",
    ],
    [
      { op: "write", subject: "linux.sysctl", target: "/proc/sys/a", errno: "ENOENT" },
      "write /proc/sys/a: no such file or directory",
    ],
    [{ op: "sethostname", subject: "hostname", errno: "EPERM" }, "sethostname: operation not permitted"],
    [
      { code: "died", op: "bunc-init", target: "77", detail: "killed by signal 9" },
      "bunc-init: the process ended unexpectedly (killed by signal 9)",
    ],
    [{ code: "timeout", op: "connect", target: "/s" }, "connect /s: timed out"],
    [{ code: "limit", op: "steps", detail: "4096" }, "steps: limit exceeded (4096)"],
    [{ code: "protocol", op: "decode", detail: "steps[0]" }, "internal error: decode (steps[0])"],
  ];
  test.each(cases.map(([record, message]) => ({ record, message })))("$message", ({ record, message }) => {
    const thrown = error(record);
    expect(thrown.message).toBe(inInit + message);
    expect(thrown.step).toBe(record.op as string);
  });
});

test("a failure of the parent is not one of container init", () => {
  expect(
    error({ stage: "parent", op: "prlimit", subject: "process.rlimits[0]", errno: "EPERM" }).message,
  ).toBe(
    "unable to start container process: error setting rlimits for ready process: prlimit: operation not permitted",
  );
  expect(
    error({ stage: "library", op: "write", subject: "linux.cgroupsPath", target: "/c", errno: "EACCES" })
      .message,
  ).toBe(
    "unable to start container process: unable to apply cgroup configuration: write /c: permission denied",
  );
});

test("exec has no container init", () => {
  const thrown = error(
    { code: "executable", op: "lookup", target: "nope", errno: "ENOENT" },
    { process: "exec" },
  );
  const wrapped = wrapCommandError("exec", thrown);
  expect(wrapped.message).toBe(
    'exec failed: unable to start container process: exec: "nope": executable file not found in $PATH',
  );
  expect(wrapped.exitCode).toBe(255);
});

test("without a process it is Go's path error", () => {
  expect(
    error({ stage: "library", op: "open", target: "/x", errno: "EACCES" }, { process: "other" }).message,
  ).toBe("open /x: permission denied");
});

test("errno is only reported where it is the cause", () => {
  expect(error({ op: "openat2", errno: "ELOOP" }).errno).toBe(40);
  expect(error({ code: "unsafe_path", op: "openat2", errno: "ELOOP" }).errno).toBeUndefined();
  expect(error({ code: "died", op: "bunc-init", errno: "ENOENT" }).errno).toBeUndefined();
});

test("the OOM killer is named", () => {
  const thrown = error(
    { code: "died", op: "bunc-init", target: "77" },
    { oomKilled: true, oomLimit: "4096" },
  );
  expect(thrown.message).toBe(`${inInit}container init was OOM-killed (memory limit too low?)`);
  expect(thrown.hint).toContain("linux.resources.memory.limit");
  // The process's id is not a path.
  expect(thrown.path).toBeUndefined();
});

test("a detail that a caller could misread is only in its own key", () => {
  const thrown = error({
    op: "fsconfig",
    subject: "mounts[0]",
    errno: "EINVAL",
    detail: "lookup: No such file or directory",
  });
  expect(thrown.message).not.toContain("No such file");
  expect(thrown.detail).toBe("lookup: No such file or directory");
});
