/** Runs a command in a private mount namespace in which /sys/fs/cgroup is only cgroup2, whatever the host has there. */
export const inPureV2: string[] = [
  ...["unshare", "--mount", "sh", "-c"],
  'umount --recursive /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"',
  "sh",
];
