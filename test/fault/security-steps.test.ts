/**
 * Each system call of bunc-init that confines the program fails in turn: either the container does not start, or the
 * program is confined exactly as without the failure.
 */
import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { command as needsCommand, root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import type { Bundle, Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** System call → errnos: those of its man page, and those of an outer seccomp filter or of a kernel without the call. */
const calls: Readonly<Record<string, readonly string[]>> = {
  prctl: ["EINVAL", "EPERM", "ENOMEM", "ENOSYS"],
  capset: ["EPERM", "EINVAL", "EFAULT"],
  capget: ["EPERM", "EINVAL"],
  setresuid: ["EAGAIN", "EINVAL", "EPERM"],
  setresgid: ["EINVAL", "EPERM"],
  setgroups: ["EPERM", "ENOMEM", "EINVAL"],
  seccomp: ["EACCES", "EINVAL", "ENOMEM", "ENOSYS"],
  pivot_root: ["EBUSY", "EINVAL", "EPERM", "ENOSYS"],
  move_mount: ["EACCES", "EINVAL", "EPERM", "ENOSYS"],
  mount_setattr: ["EINVAL", "EPERM", "ENOSYS"],
  open_tree: ["EACCES", "EINVAL", "ENOENT", "ENOSYS"],
  umount2: ["EBUSY", "EINVAL", "EPERM"],
  // ENOENT and ENOTDIR mean that a masked path does not exist.
  openat2: ["EACCES", "ELOOP", "EMFILE", "EPERM"],
  close_range: ["EINVAL", "EMFILE", "ENOSYS"],
  chroot: ["EACCES", "EPERM"],
  unshare: ["EINVAL", "EPERM", "ENOSPC"],
  setsid: ["EPERM"],
};

const confined = (box: Sandbox) =>
  box.probe(
    [
      "self",
      "namespaces",
      "read:/proc/self/mounts",
      "stat:/proc/kcore",
      "stat:/proc/keys",
      "write:/proc/sysrq-trigger=h",
    ],
    (config) => {
      config.process.user = { uid: 1000, gid: 1000, additionalGids: [7] };
      config.process.noNewPrivileges = true;
      config.process.rlimits = [{ type: "RLIMIT_CORE", soft: 0, hard: 0 }];
      config.process.capabilities = {
        bounding: ["CAP_KILL", "CAP_CHOWN"],
        effective: ["CAP_KILL"],
        permitted: ["CAP_KILL", "CAP_CHOWN"],
        inheritable: ["CAP_KILL"],
        ambient: ["CAP_KILL"],
      };
      config.linux["seccomp"] = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["chroot"], action: "SCMP_ACT_ERRNO" }],
      };
    },
  );

/** What the program saw, without values that differ in each run. */
function seen(stdout: string): string {
  return stdout
    .replaceAll(/"(pid|ppid|sid|pgid|starttime)":\s*\d+/g, "")
    .replaceAll(/(mnt|pid|net|ipc|uts|cgroup|user|time)(_for_children)?:\[\d+\]/g, "$1")
    .replaceAll(/"id":\d+/g, "")
    .replaceAll(/(socket|pipe):\[\d+\]/g, "$1")
    .replaceAll(/bunc-test-[\w-]+/g, "");
}

async function run(box: Sandbox, bundle: Bundle, options: string[]) {
  const log = box.path("strace");
  const id = box.id();
  const child = Bun.spawn(
    ["strace", "-f", "-o", log, ...options, ...box.commandLine(["run", "--bundle", bundle.directory, id])],
    { env: bareEnvironment, stdio: ["ignore", "pipe", "pipe"] },
  );
  const [stdout, stderr, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  await box.must(["delete", "--force", id]);
  return { stdout: seen(stdout), stderr, status, trace: readFileSync(log, "utf8") };
}

/** The place where two texts start to differ. */
function difference(expected: string, found: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === found[at]) at++;
  return `${found.slice(at - 40, at + 80)} instead of ${expected.slice(at - 40, at + 80)}`;
}

/** How often bunc-init makes the call before it executes the program: strace counts calls per process. */
function callsOfInit(trace: string, call: string): number {
  const counts = new Map<string, number>();
  let ofProgram = 0;
  for (const line of trace.split("\n")) {
    const [, pid, text] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (pid === undefined || text === undefined) continue;
    if (text.startsWith('execve("/probe"')) ofProgram = counts.get(pid) ?? 0;
    if (text.startsWith(`${call}(`)) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  }
  return ofProgram;
}

describe("a security step that fails ends the start, or changes nothing", () => {
  for (const [call, errnos] of Object.entries(calls)) {
    scenario(
      `${call}: ${errnos.join(", ")}`,
      [root, needsCommand("strace")],
      async (box) => {
        const bundle = confined(box);
        const whole = await run(box, bundle, ["-e", `trace=execve,${call}`]);
        expect([whole.status, whole.stderr]).toEqual([0, ""]);
        const count = callsOfInit(whole.trace, call);
        const loose: string[] = [];
        for (const errno of errnos) {
          for (let nth = 1; nth <= count; nth++) {
            const inject = `inject=${call}:error=${errno}:when=${nth}`;
            const { stdout, status } = await run(box, bundle, ["-e", `trace=${call}`, "-e", inject]);
            if (status !== 0 && stdout === "") continue;
            if (status === 0 && stdout === whole.stdout) continue;
            loose.push(`${inject}: status ${status}: ${difference(whole.stdout, stdout)}`);
          }
        }
        expect(loose).toEqual([]);
      },
      900_000,
    );
  }
});
