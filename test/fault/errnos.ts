/** How system calls fail, of which each is tried: errnos of their man pages that a host in trouble gives. */

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
 * Not made to fail: what cannot fail, what only a bug of ours makes fail, and what has nobody to tell. Where bunc-init
 * makes them, they fail on a kernel that does nothing (test/contract).
 */
const spared = new Set([
  // They always succeed, or what they give back is lost in any case.
  ...["clock_gettime", "close", "exit_group", "getegid", "geteuid", "getpid", "munmap", "umask", "uname"],
  ...["set_robust_list", "set_tid_address", "rseq", "sigaltstack"],
  // With arguments that are right they cannot fail.
  ...["arch_prctl", "rt_sigaction", "rt_sigprocmask", "lseek", "wait4", "waitid"],
  // Memory of Bun and of musl; madvise(2) is advice.
  ...["brk", "madvise", "mprotect", "mremap", "process_madvise"],
  // Of the program.
  ...["nanosleep"],
]);

/** A call of bunc must be here: it fails, or it says why not. */
export const isKnown = (call: string): boolean => call in byCall || spared.has(call);

/** Made by the start of Bun, of musl or of a helper: what becomes of them then is not bunc's doing. */
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

/** `own`: made by the command itself, not by bunc-init or a hook. */
export function errnosOf(call: string, own: boolean): readonly string[] {
  if (own && ofBun.has(call)) return [];
  return byCall[call] ?? [];
}
