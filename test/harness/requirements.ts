/** What a test may require from the machine or the runtime: each function returns null, or the reason why it is missing. */

import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { findRuntime, isBunc, runtime } from "./runtime.ts";

export type Requirement = () => string | null;

const memo = (requirement: Requirement): Requirement => {
  let answer: string | null | undefined;
  return () => {
    answer ??= requirement();
    return answer;
  };
};

/** For guarantees that only bunc makes: they are not asserted for another runtime. */
export const buncOnly: Requirement = () =>
  isBunc ? null : `asserted for bunc only, not for ${runtime.name}`;

/** For behaviour of newer runc that Debian's old runc lacks. */
export const notIn =
  (name: string, why: string): Requirement =>
  () =>
    runtime.name === name ? `${name} differs: ${why}` : null;

export const root: Requirement = () => (process.getuid?.() === 0 ? null : "needs root");

export const systemd: Requirement = () =>
  existsSync("/run/systemd/system") ? null : "needs a host booted with systemd";

export const runcInstalled: Requirement = () =>
  findRuntime("runc") === undefined ? "needs runc on PATH (Debian package runc)" : null;

export const command = (name: string): Requirement =>
  memo(() => (Bun.which(name) === null ? `needs the command ${name}` : null));

export const userNamespaces: Requirement = memo(() => {
  const limit = "/proc/sys/user/max_user_namespaces";
  if (existsSync(limit) && readFileSync(limit, "utf8").trim() === "0")
    return "user namespaces are switched off";
  const probe = Bun.spawnSync(["unshare", "--user", "true"], { stderr: "ignore" });
  return probe.success ? null : "the kernel refuses user namespaces here";
});

export const cgroupV1: Requirement = () =>
  existsSync("/sys/fs/cgroup/cgroup.controllers") ? "needs cgroup v1 or hybrid" : null;

export const cgroupV2: Requirement = () =>
  existsSync("/sys/fs/cgroup/cgroup.controllers") ? null : "needs pure cgroup v2";

/** The kernel's log is readable, and the pids in it are from this pid namespace. */
export const kernelLog: Requirement = memo(() => {
  if (!Bun.spawnSync(["dmesg"], { stderr: "ignore", stdout: "ignore" }).success)
    return "the kernel's log may not be read";
  return readFileSync("/proc/2/comm", "utf8") === "kthreadd\n" ? null : "not in the host's pid namespace";
});

export const timeNamespaces: Requirement = () =>
  existsSync("/proc/self/ns/time") ? null : "the kernel has no time namespaces";

/** Whether an overlay mount works where temporary files are. */
/** `what`: the feature that the kernel has since this version. */
export const kernel =
  (major: number, minor: number, what: string): Requirement =>
  () =>
    kernelIsAtLeast(major, minor) ? null : `the kernel has ${what} since ${major}.${minor}`;

/** For tests that take a second, but minutes on an emulated processor. */
export const realProcessor: Requirement = memo(() =>
  readFileSync("/proc/cpuinfo", "utf8").includes("QEMU TCG")
    ? "takes minutes on an emulated processor"
    : null,
);

export function kernelIsAtLeast(major: number, minor: number): boolean {
  const [runningMajor = 0, runningMinor = 0] = release()
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  return runningMajor > major || (runningMajor === major && runningMinor >= minor);
}

export const overlay: Requirement = memo(() =>
  /\boverlay$/m.test(readFileSync("/proc/filesystems", "utf8"))
    ? null
    : "the kernel has no overlay file system",
);
