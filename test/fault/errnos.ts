/** The errnos that each system call is made to fail with: those of its man page that occur on a troubled host. */

const byCall: Readonly<Record<string, readonly string[]>> = {
  open: ["EMFILE", "ENOENT", "EACCES"],
  openat: ["EMFILE", "ENOENT", "EACCES"],
  openat2: ["EMFILE", "EAGAIN", "EACCES"],
  read: ["EIO"],
  write: ["ENOSPC", "EIO"],
  mkdirat: ["ENOSPC", "EROFS"],
  mkdir: ["ENOSPC", "EROFS"],
  unlinkat: ["EBUSY", "EROFS"],
  unlink: ["EROFS"],
  rmdir: ["EBUSY"],
  renameat: ["ENOSPC"],
  renameat2: ["ENOSPC"],
  ftruncate: ["EIO"],
  fsync: ["EIO"],
  flock: ["ENOLCK"],
  symlinkat: ["ENOSPC"],
  mknodat: ["EPERM", "ENOSPC"],
  fchmodat: ["EPERM"],
  fchownat: ["EPERM"],
  clone: ["EAGAIN", "ENOMEM"],
  clone3: ["EAGAIN", "ENOMEM"],
  vfork: ["EAGAIN", "ENOMEM"],
  execve: ["ENOMEM", "ETXTBSY"],
  execveat: ["ENOMEM", "EACCES"],
  memfd_create: ["EMFILE", "ENOMEM"],
  socketpair: ["EMFILE", "ENOMEM"],
  socket: ["EMFILE"],
  bind: ["EACCES"],
  listen: ["EADDRINUSE"],
  accept4: ["EMFILE"],
  connect: ["ECONNREFUSED", "EAGAIN"],
  pipe2: ["EMFILE"],
  pidfd_open: ["EMFILE", "ESRCH"],
  pidfd_send_signal: ["EPERM", "ESRCH"],
  kill: ["EPERM", "ESRCH"],
  setns: ["EPERM", "ENOMEM"],
  unshare: ["EPERM", "ENOSPC"],
  mount: ["EPERM", "ENOMEM"],
  fsopen: ["EPERM", "ENODEV"],
  fsconfig: ["EINVAL", "ENOMEM"],
  fsmount: ["EPERM", "ENOMEM"],
  move_mount: ["EPERM", "ENOENT"],
  open_tree: ["EPERM", "ENOENT"],
  mount_setattr: ["EPERM", "EINVAL"],
  umount2: ["EBUSY"],
  pivot_root: ["EINVAL", "EBUSY"],
  chroot: ["EPERM"],
  chdir: ["EACCES"],
  fchdir: ["EACCES"],
  sethostname: ["EPERM"],
  prlimit64: ["EPERM"],
  setgroups: ["EPERM", "ENOMEM"],
  setresuid: ["EAGAIN", "EPERM"],
  setresgid: ["EPERM"],
  capset: ["EPERM"],
  prctl: ["EPERM", "EINVAL"],
  seccomp: ["ENOMEM", "EINVAL"],
  bpf: ["EPERM", "ENOMEM"],
  keyctl: ["EDQUOT"],
  statfs: ["EIO"],
  fstatfs: ["EIO"],
  statx: ["EIO"],
  getdents64: ["EIO"],
  sendmsg: ["ENOBUFS"],
  recvmsg: ["ENOMEM"],
  epoll_create1: ["EMFILE"],
  signalfd4: ["EMFILE"],
  timerfd_create: ["EMFILE"],
  eventfd2: ["EMFILE"],
  readlinkat: ["EACCES", "ENOENT"],
  fcntl: ["EMFILE"],
  dup3: ["EMFILE", "EBUSY"],
  close_range: ["EMFILE"],
  ppoll: ["ENOMEM"],
  pread64: ["EIO"],
  faccessat2: ["EACCES"],
  sched_setaffinity: ["EINVAL", "EPERM"],
  ioctl: ["EIO"],
  splice: ["ENOMEM"],
  setsid: ["EPERM"],
  getcwd: ["ENOENT"],
  mmap: ["ENOMEM"],
};

/**
 * Calls that are not made to fail: those that cannot fail, that fail only because of a bug in bunc, or whose failure cannot
 * be reported. If bunc-init makes them, test/contract makes them fail on a kernel that does nothing.
 */
const spared = new Set([
  // They always succeed, or release their resource even on failure.
  ...["clock_gettime", "close", "exit_group", "getegid", "geteuid", "getpid", "munmap", "umask", "uname"],
  ...["set_robust_list", "set_tid_address", "rseq", "sigaltstack"],
  // They cannot fail with correct arguments.
  ...["arch_prctl", "rt_sigaction", "rt_sigprocmask", "lseek", "wait4", "waitid"],
  // Memory management of Bun and musl; madvise(2) is only advice.
  ...["brk", "madvise", "mprotect", "mremap", "process_madvise"],
  // Made by the program.
  ...["nanosleep"],
]);

/** Every call of bunc must be in one of the tables: with its errnos, or with the reason why it is not made to fail. */
export const isKnown = (call: string): boolean => call in byCall || spared.has(call);

/** Calls made when Bun, musl or a helper starts: bunc has no influence on what happens if they fail. */
const ofBun = new Set([
  "open",
  "read",
  "execve",
  "epoll_create1",
  "eventfd2",
  "timerfd_create",
  "prctl",
  "prlimit64",
  "mmap",
]);

/** `own`: the command itself makes the call, not bunc-init or a hook. */
export function errnosOf(call: string, own: boolean): readonly string[] {
  if (own && ofBun.has(call)) return [];
  return byCall[call] ?? [];
}
