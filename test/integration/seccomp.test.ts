/**
 * Filters in the kernel: a container under a client's profile gets the result for each system call that
 * `explain --seccomp` predicts. Each call is made twice with the same arguments, with and without the filter.
 */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../harness/config.ts";
import { projectRoot } from "../harness/project.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

/** From `explain --seccomp --json`. */
interface Answer {
  name: string;
  number: number;
  action: string;
  /** The errno of SCMP_ACT_ERRNO. */
  data: number;
  alternatives: unknown[];
}

/** Calls that, with -1 for every argument, do no harm and do not affect later calls. */
const harmless = `
  read write close fstat lseek mprotect pread64 readv sched_yield mincore dup getitimer sendfile connect accept
  recvfrom bind listen getsockname shutdown setsockopt flock fsync ftruncate getdents getcwd chdir fchdir rename mkdir
  rmdir unlink symlink readlink chmod fchown getrlimit sysinfo times ptrace syslog setgid capget rt_sigpending
  mknod uselib personality ustat statfs sysfs getpriority sched_getparam mlock vhangup modify_ldt pivot_root
  adjtimex acct settimeofday mount umount2 swapon swapoff iopl ioperm init_module delete_module quotactl
  lookup_dcookie io_setup kexec_load add_key request_key keyctl ioprio_get inotify_init migrate_pages openat mkdirat
  mknodat unshare set_robust_list splice tee vmsplice move_pages epoll_pwait timerfd_create fanotify_init
  name_to_handle_at open_by_handle_at clock_adjtime setns process_vm_readv kcmp finit_module sched_setattr
  memfd_create kexec_file_load bpf userfaultfd membarrier copy_file_range pkey_mprotect statx io_uring_setup
  open_tree move_mount fsopen fsconfig fsmount fspick pidfd_open openat2 pidfd_getfd faccessat2
  process_madvise mount_setattr landlock_create_ruleset memfd_secret process_mrelease cachestat
  lsm_list_modules`
  .trim()
  .split(/\s+/);

const names: Readonly<Record<number, string>> = { 1: "EPERM", 38: "ENOSYS" };

for (const client of ["docker", "containerd", "podman"]) {
  scenario(`${client}'s profile answers in the kernel as explained`, [root, buncOnly], async (box) => {
    const profile = JSON.parse(
      readFileSync(join(projectRoot, `test/seccomp/profiles/${client}.json`), "utf8"),
    );
    const withProfile = (config: Config) => {
      config.linux["seccomp"] = profile;
    };
    const bundle = box.probe(["exit:0"], withProfile);
    const explained = await box.must([
      "explain",
      "--json",
      "--seccomp",
      harmless.join(","),
      "--bundle",
      bundle.directory,
    ]);
    const { answers } = JSON.parse(explained.stdout) as { answers: Answer[] };
    // Rules with arguments have several results: personality with -1 queries the present one.
    const certain = answers.filter(({ alternatives }) => alternatives.length === 0);
    expect(certain.length).toBeGreaterThan(80);

    const action = ({ number }: Answer) => `syscall:${number},-1,-1,-1,-1,-1,-1`;
    const free = await box.report(certain.map(action));
    const filtered = await box.report(certain.map(action), withProfile);
    const observed = certain.map((answer) => [answer.name, filtered.errno(action(answer))]);
    const expected = certain.map((answer) => {
      if (answer.action === "SCMP_ACT_ALLOW") return [answer.name, free.errno(action(answer))];
      expect(answer.action).toBe("SCMP_ACT_ERRNO");
      return [answer.name, names[answer.data] ?? `errno ${answer.data}`];
    });
    expect(observed).toEqual(expected);
    expect(certain.some((answer) => answer.action === "SCMP_ACT_ERRNO")).toBe(true);
  });
}

scenario(
  "every filter flag that features lists is accepted, alone and with the others",
  [root, buncOnly],
  async (box) => {
    const { supportedFlags } = JSON.parse((await box.must(["features"])).stdout).linux.seccomp;
    for (const flags of [...supportedFlags.map((flag: string) => [flag]), supportedFlags, []]) {
      const bundle = box.probe(["self"], (config) => {
        config.linux["seccomp"] = {
          defaultAction: "SCMP_ACT_ALLOW",
          flags,
          syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" }],
        };
      });
      expect((await box.reportOf(bundle)).self.seccomp).toBe(2);
    }
  },
);
