/** Every permitted difference in the comparison with Debian's runc 1.1.5, and why it is right. */

export interface Justified {
  field: RegExp;
  /** Whether these two values differ only as permitted. */
  holds: (ours: unknown, runc: unknown) => boolean;
  why: string;
}

interface MountFact {
  root: string;
  options: string[];
  type: string;
  source: string;
  superOptions: string[];
  propagation: string[];
}

const single = (fact: unknown): MountFact | undefined => (fact as MountFact[] | undefined)?.at(-1);

/** Equal except for super options that only bunc's mount has, all of which match `extra`. */
const onlyMoreSuperOptions = (ours: unknown, runc: unknown, extra: RegExp): boolean => {
  const [mine, its] = [single(ours), single(runc)];
  if (mine === undefined || its === undefined) return false;
  return Bun.deepEquals(
    { ...mine, superOptions: mine.superOptions.filter((option) => !extra.test(option)) },
    its,
  );
};

/** Equal, except that one receives the host's mounts ("master"). */
const onlyFollows = (follower: unknown, other: unknown): boolean => {
  const [one, two] = [single(follower), single(other)];
  if (one === undefined || !one.propagation.includes("master")) return false;
  return Bun.deepEquals({ ...one, propagation: one.propagation.filter((kind) => kind !== "master") }, two);
};

export const justified: Justified[] = [
  {
    field: /^(self\.rlimits|status\.FDSize)$/,
    holds: (ours, runc) => {
      if (typeof ours === "string") return true;
      const [mine, its] = [ours, runc].map(
        (limits) => structuredClone(limits) as Record<string, { soft: string }>,
      );
      const nofile = mine?.["NOFILE"];
      if (mine === undefined || its?.["NOFILE"] === undefined || nofile === undefined) return false;
      its["NOFILE"].soft = nofile.soft;
      return Bun.deepEquals(mine, its);
    },
    why: "Go raises the soft limit of open files of every Go program, and runc 1.1.5 does not restore it; FDSize is the size of the kernel's descriptor table, which does not shrink when descriptors are closed",
  },
  {
    field: /^self\.fds$/,
    holds: (ours, runc) => {
      const numbers = (fds: unknown) =>
        (fds as { fd: number; closeOnExec: boolean }[]).map(({ fd, closeOnExec }) => [fd, closeOnExec]);
      return Bun.deepEquals(numbers(ours), numbers(runc));
    },
    why: "both put pipes between a foreground container and the caller's files; but bunc replaces a null device as standard input by the container's own, open for reading and writing, where runc 1.1.5 has the read-only end of a pipe",
  },
  {
    field: /^mount \/sys\/fs\/cgroup$/,
    holds: (ours, runc) => {
      const [mine, its] = [single(ours), single(runc)];
      if (mine === undefined || its === undefined || mine.type !== "tmpfs") return false;
      const options = mine.options.map((option) => (option === "ro" ? "rw" : option)).toSorted();
      return mine.options.includes("ro") && Bun.deepEquals({ ...mine, options }, its);
    },
    why: "the configuration says ro: runc 1.1.5 mounts the hierarchies of cgroup v1 read-only but leaves the tmpfs that holds them writable",
  },
  {
    field: /^mount \/sys\/fs\/cgroup$/,
    holds: (ours, runc) => {
      const [mine, its] = [single(ours), single(runc)];
      if (mine?.type !== "cgroup2" || its?.type !== "cgroup2") return false;
      // The source of the host's own mount, and the hierarchy's options as the host has set them.
      return onlyMoreSuperOptions(
        [{ ...mine, source: its.source }],
        runc,
        /^(nsdelegate|memory_recursiveprot|memory_localevents|memory_hugetlb_accounting|favordynmods)$/,
      );
    },
    why: "without a cgroup namespace the host's cgroup2 is bound here; runc 1.1.5 mounts it anew, named as the configuration names it, and with that takes the host's options (nsdelegate) away from the whole hierarchy",
  },
  {
    field: /^mount \//,
    holds: (ours, runc) => {
      const mine = single(ours);
      const isRootOrCgroup = mine?.type === "cgroup2" || /^SANDBOX\/.*\/rootfs\b/.test(mine?.root ?? "");
      return isRootOrCgroup && onlyFollows(runc, ours);
    },
    why: "the container's root and its view of the cgroups are private, so that what the host mounts below them later is not for the container; under runc 1.1.5 the root, with what is bound from it, follows the host where the bundle lies on the host's root mount, and in a user namespace the cgroups do",
  },
  {
    field: /^mount \//,
    holds: (ours, runc) => onlyFollows(ours, runc),
    why: "a bind without a propagation follows the host's mounts, as do those of any other directory; runc 1.1.5 makes the one mount that holds the root file system private, and with it the binds of directories that lie on it",
  },
  {
    field: /^mount \/(proc\/|secret)/,
    holds: (ours, runc) => {
      const [mine, its] = [single(ours), single(runc)];
      return mine?.root === "/null" && its?.root === "/null";
    },
    why: "a masked file is covered by the host's null device, opened before the container's files exist; runc 1.1.5 takes the container's own /dev/null, which an image can replace (CVE-2025-31133)",
  },
  {
    field: /^mount \/(proc|sys|hidden)/,
    holds: (ours, runc) => onlyMoreSuperOptions(ours, runc, /^(nr_inodes=1|size=4k)$/),
    why: "the empty tmpfs over a masked directory is as small as possible, as in newer runc; in runc 1.1.5 its limit is half of the memory",
  },
  {
    field: /^mount \/etc$/,
    holds: (ours, runc) => onlyMoreSuperOptions(ours, runc, /^mode=755$/),
    why: "with tmpcopyup the new root has the mode of the directory that it covers: said at the mount here, by chmod afterwards in runc; the directory's own mode is compared too and equal",
  },
  {
    field: /^stat:\/dev\/mqueue$/,
    holds: (ours, runc) => {
      const [mine, its] = [ours, runc] as { gid: number }[];
      return mine?.gid === 0 && its?.gid === 65534 && Bun.deepEquals({ ...mine, gid: 65534 }, its);
    },
    why: "in a user namespace runc 1.1.5 mounts mqueue before it has a mapped group, so the directory belongs to nobody; here it belongs to the container's root",
  },
];
