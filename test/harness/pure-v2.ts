/** A command in a mount namespace of its own, where /sys/fs/cgroup is cgroup2 alone, whatever the host has there. */
export const inPureV2: string[] = [
  ...["unshare", "--mount", "sh", "-c"],
  'umount --recursive /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"',
  "sh",
];
