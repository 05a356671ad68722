/** The lines of docs/SECURITY.md's table. */

export interface Row {
  /** What a test tells its numbers under, and results.json has them by. */
  readonly key: string;
  readonly group: Group;
  readonly attack: string;
  readonly file: string;
  /** For tests that tell no numbers: their names, where "…" stands for any text. They are counted. */
  readonly tests?: string;
}

export const groups = [
  "Attacks by their number",
  "Races",
  "Running containers",
  "Hosts",
  "Bytes",
  "Crashes and faults",
  "Floods",
] as const;

type Group = (typeof groups)[number];

/** Rows of tests that tell no numbers: [key, attack, names of the tests]. */
const counted = (
  group: Group,
  file: string,
  rows: readonly (readonly [key: string, attack: string, tests: string])[],
): Row[] => rows.map(([key, attack, tests]) => ({ key, group, attack, file, tests }));

/** Rows of tests that tell their numbers: [key, attack]. */
const told = (group: Group, file: string, rows: readonly (readonly [key: string, attack: string])[]): Row[] =>
  rows.map(([key, attack]) => ({ key, group, attack, file }));

const numbered = (
  file: string,
  rows: readonly (readonly [numbers: string, attack: string, tests: string])[],
) =>
  counted(
    "Attacks by their number",
    file,
    rows.map(([numbers, attack, tests]) => [numbers, `${numbers}: ${attack}`, tests]),
  );

export const rows: readonly Row[] = [
  ...numbered("test/integration/security.test.ts", [
    ["CVE-2019-5736", "an image starts or overwrites the runtime", "CVE-2019-5736…"],
    ["CVE-2019-16884", "a fake /proc takes the labels", "CVE-2019-16884…"],
    ["CVE-2019-18837", "a mount point is a link to the host", "CVE-2019-18837…"],
    ["CVE-2019-19921, CVE-2023-27561", "/proc or /sys is a link in the image", "…CVE-2019-19921: /…"],
    ["CVE-2021-43784", "a namespace path longer than 16 bits can say", "CVE-2021-43784…"],
    [
      "CVE-2022-29162, CVE-2022-27650, CVE-2025-27612",
      "capabilities of exec are inheritable",
      "CVE-2022-29162…",
    ],
    ["CVE-2023-25809", "a writable cgroup tree in a user namespace", "CVE-2023-25809…"],
    ["CVE-2024-21626", "a descriptor of the runtime as working directory", "CVE-2024-21626…"],
    ["CVE-2025-31133, CVE-2025-62161", "/dev/null of the image is a link", "CVE-2025-31133…"],
    ["CVE-2025-52565", "/dev/console, /dev/pts or /dev/ptmx of the image is a link", "CVE-2025-52565…"],
    ["CVE-2025-52881, CVE-2025-62596", "a mount over files of /proc", "CVE-2025-52881…"],
    ["CVE-2026-41579, CVE-2026-47766", "/dev of the image is a link to the host", "CVE-2026-41579…"],
    ["CVE-2016-9962", "the waiting init is looked into", "CVE-2016-9962…"],
    ["Bun", "files and variables that a Bun executable would obey", "B…"],
  ]),
  ...numbered("test/integration/exec.test.ts", [
    ["CVE-2026-30892", "a user that is no number becomes root", "exec --user … never falls back to root"],
  ]),
  ...numbered("test/integration/dumpable.test.ts", [
    [
      "CVE-2016-9962 with fs.suid_dumpable = 1",
      "bunc-init is dumpable after a change of user",
      "…, as another user, in a container…",
    ],
  ]),
  ...told("Races", "test/hostile/creation-races.test.ts", [
    ["mount point", "CVE-2021-30465, CVE-2024-45310: a mount point is exchanged with a link to the host"],
    [
      "proc",
      "CVE-2019-19921, CVE-2023-28642, CVE-2025-54867: /proc is exchanged with a link, for proc to be mounted elsewhere or not to be masked",
    ],
    [
      "null device",
      "CVE-2025-31133, CVE-2025-62161: /dev/null is exchanged with a link while paths are masked",
    ],
    ["console", "CVE-2025-52565: /dev/console is exchanged with a link while the terminal is mounted on it"],
    [
      "sysctl",
      "CVE-2025-52881, CVE-2025-62596: a mount point is exchanged with a link to /proc/sys, to catch what is written there",
    ],
    ["read-only path", "a path is exchanged with a link while it is made read-only"],
    [
      "devices",
      "CVE-2026-41579, CVE-2026-47766: /dev is exchanged with a link to the host while devices are made in it",
    ],
  ]),
  ...told("Races", "test/hostile/exec-races.test.ts", [
    [
      "working directory",
      "CVE-2024-21626: the working directory of exec is exchanged with a link to the runtime's descriptors",
    ],
    [
      "mounts add",
      "CVE-2025-52881: a mount point is exchanged with a link to /proc while a mount is added to a running container",
    ],
    ["passwd", "the passwd file is exchanged during exec with one that makes root of everybody"],
    ["passwd that blocks", "the passwd file is exchanged during exec with a FIFO"],
  ]),
  ...told("Running containers", "test/hostile/container.test.ts", [
    ["no pid is left", "no pid is left in it"],
    ["no memory is left", "its memory is so full that what is executed is killed"],
    ["a process is frozen in a cgroup below", "it has frozen a process of its own in a cgroup below"],
    ["its cgroup is the domain of threads", "a cgroup below is threaded"],
    ["thousands of mounts", "it has thousands of mounts"],
    ["/proc is covered", "it has covered /proc"],
    ["its init is stopped", "its init is stopped"],
    ["a thousand zombies", "a thousand zombies"],
    ["its init ignores all but KILL", "its init ignores all signals but KILL"],
    ["its system calls are not answered", "nobody answers its system calls (seccomp notify)"],
  ]),
  ...told("Running containers", "test/hostile/parent.test.ts", [
    ["executable", "CVE-2019-5736: it opens the executables of what is executed in it, and writes to them"],
    [
      "taken over",
      "CVE-2016-9962: it traces what is executed in it and the runtime itself, and takes their memory and descriptors",
    ],
    ["descriptors", "CVE-2024-21626: descriptors 0 to 64 as working directory, and in the new process"],
  ]),
  ...counted("Running containers", "test/integration/cgroup-tree.test.ts", [
    ["cgroup tree", "cgroups deeper than any path, and more than 65536 of them", "…"],
  ]),
  ...counted("Running containers", "test/integration/pid-reuse.test.ts", [
    ["pid reuse", "its init's pid becomes that of a process of the host", "…"],
  ]),
  ...counted("Running containers", "test/integration/forged-status.test.ts", [
    ["forged status", "its program is called as the runtime's init is", "…"],
  ]),
  ...counted("Running containers", "test/integration/hanging-hooks.test.ts", [
    ["hanging hooks", "a hook hangs while it is made or removed", "…"],
  ]),
  ...told("Crashes and faults", "test/fault/every-call.test.ts", [
    [
      "every call",
      "every verb killed before, and failing at, each of its system calls, those of bunc-init and hooks included (FAULT_PART=K/N: a part)",
    ],
  ]),
  ...told("Crashes and faults", "test/contract/confining.test.ts", [
    [
      "confining",
      "each step of bunc-init that confines the program failing with every errno, on a kernel that does nothing",
    ],
  ]),
  ...told("Crashes and faults", "test/contract/host-rehearsal.test.ts", [
    [
      "confined from outside",
      "what bunc does to confine it (device rules, id maps, limits, seals) failing with every errno, likewise",
    ],
  ]),
  ...counted("Crashes and faults", "test/fault/security-steps.test.ts", [
    ["security steps", "each security step failing with each errno, one test for each system call", "…"],
  ]),
  ...counted("Crashes and faults", "test/fault/killed.test.ts", [
    ["killed", "every verb killed at 40 moments, one test for each verb", "…"],
  ]),
  ...told("Hosts", "test/hostile/host.test.ts", [
    ["full state directory", "the directory of state is full or read-only"],
    ["tiny limits", "limits of the caller are tiny: open files, sizes, memory that is locked, stack"],
    ["closed streams", "standard streams are closed, in every combination"],
    [
      "strange root of state",
      "the root of state has blanks, newlines, quotation marks, or nearly 4096 characters",
    ],
    ["clock", "the clock since the boot has jumped (in a time namespace)"],
  ]),
  ...counted("Hosts", "test/integration/entry.test.ts", [
    ["surroundings", "a deleted directory, closed streams, hostile variables, little memory", "…"],
  ]),
  ...counted("Hosts", "test/integration/damage.test.ts", [
    ["damaged state", "files of state that are cut off, wrong, strange or gone", "…"],
  ]),
  ...counted("Hosts", "test/integration/foreign-bytes.test.ts", [
    ["foreign bytes", "mount points that are not UTF-8, mount tables of 64 MiB", "…"],
  ]),
  ...told("Bytes", "test/hostile/fuzz-files.test.ts", [
    ["config.json", "damaged config.json"],
    ["process.json", "damaged process.json of exec"],
    ["resources.json", "damaged resources of update"],
    ["state.json", "damaged state.json, under five verbs"],
    ["command lines", "random command lines"],
    ["passwd file", "damaged passwd files of the container"],
  ]),
  ...told("Bytes", "test/hostile/fuzz-bytes.test.ts", [
    ["D-Bus", "damaged replies of systemd"],
    ["CRIU", "damaged replies of CRIU"],
    ["mount tables", "damaged mount tables"],
  ]),
  ...told("Floods", "test/hostile/flood.test.ts", [
    ["alive", "containers alive at once, made 16 at a time, each executed into, listed, killed and deleted"],
    ["in a row", "containers run one after the other: nothing grows"],
  ]),
];
