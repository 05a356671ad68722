/**
 * The seccomp profile of `spec --seccomp default`: the system calls that the programs of an ordinary container make, and
 * those that its capabilities are for. What is known and refused answers EPERM; what is not known here, ENOSYS, as a
 * kernel does that has no such call: C libraries then take another way. Numbers of architectures that do not have a call
 * are not asked for: the compiler leaves its name out.
 */

import type { DraftSeccomp } from "./draft.ts";

const FILES = `
  access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
  fadvise64_64 arm_fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl
  fcntl64 fdatasync fgetxattr file_getattr flistxattr flock fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs
  fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat inotify_add_watch
  inotify_init inotify_init1 inotify_rm_watch ioctl lchown lchown32 lgetxattr link linkat listxattr listxattrat
  llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat
  open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv
  removexattr removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64
  statfs statfs64 statx symlink symlinkat sync sync_file_range sync_file_range2 arm_sync_file_range syncfs tee truncate
  truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev`;

const MEMORY = `
  brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2
  mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease
  remap_file_pages rseq`;

const PROCESSES = `
  arch_prctl breakpoint cacheflush capget capset execve execveat exit exit_group fork futex futex_requeue futex_time64
  futex_wait futex_waitv futex_wake get_robust_list get_thread_area get_tls getcpu getpgid getpgrp getpid getppid
  getpriority getrlimit getrusage getsid gettid ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset
  landlock_restrict_self lsm_get_self_attr lsm_list_modules modify_ldt nice pidfd_open pidfd_send_signal prctl prlimit64
  process_vm_readv process_vm_writev ptrace restart_syscall sched_get_priority_max sched_get_priority_min
  sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
  sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp set_robust_list set_thread_area
  set_tid_address set_tls setpgid setpriority setrlimit setsid sysinfo times ugetrlimit uname vfork wait4 waitid
  waitpid`;

const IDENTITY = `
  getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid getresuid32
  getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32
  setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`;

const SIGNALS = `
  alarm kill pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
  rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask
  sigreturn sigsuspend tgkill tkill`;

/** `socket` itself has conditions. */
const COMMUNICATION = `
  _newselect accept accept4 bind connect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2
  epoll_wait epoll_wait_old eventfd eventfd2 getpeername getsockname getsockopt io_cancel io_destroy io_getevents
  io_pgetevents io_pgetevents_time64 io_setup io_submit ipc listen mq_getsetattr mq_notify mq_open mq_timedreceive
  mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2 poll ppoll
  ppoll_time64 pselect6 pselect6_time64 recv recvfrom recvmmsg recvmmsg_time64 recvmsg select semctl semget semop
  semtimedop semtimedop_time64 send sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget shutdown socketcall
  socketpair`;

/** The kernel itself asks for CAP_SYS_TIME where one of them would set a clock. */
const TIME = `
  adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
  clock_nanosleep_time64 getitimer getrandom gettimeofday nanosleep setitimer time timer_create timer_delete
  timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime
  timerfd_gettime64 timerfd_settime timerfd_settime64`;

const ORDINARY = [FILES, MEMORY, PROCESSES, IDENTITY, SIGNALS, COMMUNICATION, TIME];

/** What a capability is given for (capabilities(7)). */
const OF_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_BPF: "bpf",
  CAP_DAC_READ_SEARCH: "open_by_handle_at",
  CAP_PERFMON: "perf_event_open",
  CAP_SYS_ADMIN: `
    bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick listmount mount mount_setattr move_mount open_tree
    open_tree_attr perf_event_open pivot_root quotactl quotactl_fd setdomainname sethostname setns statmount syslog
    umount umount2 unshare`,
  CAP_SYS_BOOT: "reboot",
  CAP_SYS_CHROOT: "chroot",
  CAP_SYS_MODULE: "delete_module finit_module init_module",
  CAP_SYS_NICE: "get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node",
  CAP_SYS_PACCT: "acct",
  CAP_SYS_PTRACE: "kcmp pidfd_getfd process_madvise",
  CAP_SYS_RAWIO: "ioperm iopl",
  CAP_SYS_TIME: "clock_settime clock_settime64 settimeofday stime",
  CAP_SYS_TTY_CONFIG: "vhangup",
  CAP_SYSLOG: "syslog",
};

/** Keyrings and swap are the host's, the others have no use in a container. */
const FOR_NOBODY = `
  _sysctl add_key create_module get_kernel_syms kexec_file_load kexec_load keyctl lookup_dcookie nfsservctl query_module
  request_key swapoff swapon sysfs userfaultfd uselib ustat vm86 vm86old`;

/** Without CAP_SYS_ADMIN decided by their flags, or left to ENOSYS, for which glibc calls clone instead. */
const DECIDED_OTHERWISE: readonly string[] = ["clone", "clone3"];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NAMESPACES = 0x7e020000;

/** AF_ALG: from here on, address families of devices, of the hypervisor and of the kernel's own cryptography. */
const FIRST_SPECIAL_FAMILY = 38;

/** personality(2): as it is, PER_LINUX32, each with UNAME26, and the question which one it is. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const ALLOW = "SCMP_ACT_ALLOW" as const;
const REFUSE = "SCMP_ACT_ERRNO" as const;

/** `machine`: as process.arch has it. `bounding`: the capabilities that the container can have. */
export function defaultSeccomp(machine: string, bounding: readonly string[]): DraftSeccomp {
  const given = new Set(bounding.flatMap((capability) => words(OF_CAPABILITY[capability])));
  const refused = new Set(words(FOR_NOBODY));
  for (const name of Object.values(OF_CAPABILITY).flatMap(words)) {
    if (!given.has(name) && !DECIDED_OTHERWISE.includes(name)) refused.add(name);
  }
  const allowed = [...ORDINARY.flatMap(words), ...given].sort();
  return {
    defaultAction: REFUSE,
    defaultErrnoRet: ENOSYS,
    architectures:
      machine === "arm64" ? ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"] : ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    syscalls: [
      { names: allowed, action: ALLOW },
      { names: [...refused].sort(), action: REFUSE, errnoRet: EPERM },
      ...(given.has("clone") ? [] : [cloneRule]),
      familyRule("SCMP_CMP_LT", { action: ALLOW }),
      familyRule("SCMP_CMP_GE", { action: REFUSE, errnoRet: EAFNOSUPPORT }),
      ...PERSONALITIES.map((value) => ({
        names: ["personality"],
        action: ALLOW,
        args: [{ index: 0, value, op: "SCMP_CMP_EQ" as const }],
      })),
    ],
  };
}

const cloneRule = {
  names: ["clone"],
  action: ALLOW,
  args: [{ index: 0, value: CLONE_NAMESPACES, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" as const }],
};

function familyRule<Answer extends { action: typeof ALLOW | typeof REFUSE }>(
  op: "SCMP_CMP_LT" | "SCMP_CMP_GE",
  answer: Answer,
) {
  return { names: ["socket"], ...answer, args: [{ index: 0, value: FIRST_SPECIAL_FAMILY, op }] };
}

function words(text = ""): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
