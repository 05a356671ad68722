/** The rows of the table in docs/SECURITY.md. */

export interface Row {
  /** The name under which a test reports its counts, and results.json stores them. */
  readonly key: string;
  readonly group: Group;
  readonly attack: string;
  readonly file: string;
  /** For tests that report no counts: their names, where "…" stands for any text. The tests are counted. */
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

/** Rows of tests that report no counts: [key, attack, names of the tests]. */
const counted = (
  group: Group,
  file: string,
  rows: readonly (readonly [key: string, attack: string, tests: string])[],
): Row[] => rows.map(([key, attack, tests]) => ({ key, group, attack, file, tests }));

/** Rows of tests that report counts: [key, attack]. */
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
    ["CVE-2019-16884", "a fake /proc swallows the process labels", "CVE-2019-16884…"],
    ["CVE-2019-18837", "a mount point is a symbolic link to the host", "CVE-2019-18837…"],
    [
      "CVE-2019-19921, CVE-2023-27561",
      "/proc or /sys is a symbolic link in the image",
      "…CVE-2019-19921: /…",
    ],
    ["CVE-2021-43784", "a namespace path whose length overflows 16 bits", "CVE-2021-43784…"],
    [
      "CVE-2022-29162, CVE-2022-27650, CVE-2025-27612",
      "capabilities of exec are inheritable",
      "CVE-2022-29162…",
    ],
    ["CVE-2023-25809", "a writable cgroup tree in a user namespace", "CVE-2023-25809…"],
    ["CVE-2024-21626", "a descriptor of the runtime as working directory", "CVE-2024-21626…"],
    ["CVE-2025-31133, CVE-2025-62161", "the image's /dev/null is a symbolic link", "CVE-2025-31133…"],
    [
      "CVE-2025-52565",
      "the image's /dev/console, /dev/pts or /dev/ptmx is a symbolic link",
      "CVE-2025-52565…",
    ],
    ["CVE-2025-52881, CVE-2025-62596", "a mount over files of /proc", "CVE-2025-52881…"],
    ["CVE-2026-41579, CVE-2026-47766", "the image's /dev is a symbolic link to the host", "CVE-2026-41579…"],
    ["CVE-2016-9962", "the waiting init is traced", "CVE-2016-9962…"],
    ["Bun", "files and variables that a Bun executable would obey", "B…"],
  ]),
  ...numbered("test/integration/exec.test.ts", [
    ["CVE-2026-30892", "a user that is not a number becomes root", "exec --user … never falls back to root"],
  ]),
  ...numbered("test/integration/dumpable.test.ts", [
    [
      "CVE-2016-9962 with fs.suid_dumpable = 1",
      "bunc-init is dumpable after a change of user",
      "…, as another user, in a container…",
    ],
  ]),
  ...told("Races", "test/hostile/creation-races.test.ts", [
    ["mount point", "CVE-2021-30465, CVE-2024-45310: a mount point is swapped for a link to the host"],
    [
      "proc",
      "CVE-2019-19921, CVE-2023-28642, CVE-2025-54867: /proc is swapped for a link, so that proc is mounted elsewhere or not masked",
    ],
    ["null device", "CVE-2025-31133, CVE-2025-62161: /dev/null is swapped for a link while paths are masked"],
    ["console", "CVE-2025-52565: /dev/console is swapped for a link while the terminal is mounted on it"],
    [
      "sysctl",
      "CVE-2025-52881, CVE-2025-62596: a mount point is swapped for a link to /proc/sys, to intercept writes",
    ],
    ["read-only path", "a path is swapped for a link while it is made read-only"],
    [
      "devices",
      "CVE-2026-41579, CVE-2026-47766: /dev is swapped for a link to the host while devices are made in it",
    ],
  ]),
  ...told("Races", "test/hostile/exec-races.test.ts", [
    [
      "working directory",
      "CVE-2024-21626: the working directory of exec is swapped for a link to the runtime's descriptors",
    ],
    [
      "mounts add",
      "CVE-2025-52881: a mount point is swapped for a link to /proc while a mount is added to a running container",
    ],
    ["passwd", "the passwd file is swapped during exec for one that makes every user root"],
    ["passwd that blocks", "the passwd file is swapped during exec for a FIFO"],
  ]),
  ...told("Running containers", "test/hostile/container.test.ts", [
    ["no pid is left", "it has used up its pids"],
    ["no memory is left", "its memory is so full that executed processes are killed"],
    ["a process is frozen in a cgroup below", "it has frozen one of its processes in a child cgroup"],
    ["its cgroup is the domain of threads", "a child cgroup is threaded"],
    ["thousands of mounts", "it has thousands of mounts"],
    ["/proc is covered", "it has covered /proc"],
    ["its init is stopped", "its init is stopped"],
    ["a thousand zombies", "a thousand zombies"],
    ["its init ignores all but KILL", "its init ignores all signals but KILL"],
    ["its system calls are not answered", "its seccomp agent never answers"],
  ]),
  ...told("Running containers", "test/hostile/parent.test.ts", [
    ["executable", "CVE-2019-5736: it opens the executables of processes executed in it, and writes to them"],
    [
      "taken over",
      "CVE-2016-9962: it traces processes executed in it and the runtime itself, and takes their memory and descriptors",
    ],
    ["descriptors", "CVE-2024-21626: descriptors 0 to 64 as working directory, and in the new process"],
  ]),
  ...counted("Running containers", "test/integration/cgroup-tree.test.ts", [
    ["cgroup tree", "cgroups nested deeper than PATH_MAX, and more than 65536 of them", "…"],
  ]),
  ...counted("Running containers", "test/integration/pid-reuse.test.ts", [
    ["pid reuse", "the pid of its init is reused by a host process", "…"],
  ]),
  ...counted("Running containers", "test/integration/forged-status.test.ts", [
    ["forged status", "its program has the name of the runtime's init", "…"],
  ]),
  ...counted("Running containers", "test/integration/hanging-hooks.test.ts", [
    ["hanging hooks", "a hook hangs while it is created or deleted", "…"],
  ]),
  ...told("Crashes and faults", "test/fault/every-call.test.ts", [
    [
      "every call",
      "every verb killed before, and failing at, each of its system calls, including those of bunc-init and hooks (FAULT_PART=K/N runs a part)",
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
      "each call with which bunc confines the program (device rules, id maps, limits, seals) failing with every errno, likewise",
    ],
  ]),
  ...counted("Crashes and faults", "test/fault/security-steps.test.ts", [
    ["security steps", "each security step failing with each errno, one test per system call", "…"],
  ]),
  ...counted("Crashes and faults", "test/fault/killed.test.ts", [
    ["killed", "every verb killed after 40 different times, one test per verb", "…"],
  ]),
  ...told("Hosts", "test/hostile/host.test.ts", [
    ["full state directory", "the state directory is full or read-only"],
    ["tiny limits", "the caller's limits are tiny: open files, file size, locked memory, stack"],
    ["closed streams", "standard streams are closed, in every combination"],
    [
      "strange root of state",
      "the path of the state root has blanks, newlines, quotation marks, or nearly 4096 characters",
    ],
    ["clock", "the boot-time clock has jumped (in a time namespace)"],
  ]),
  ...counted("Hosts", "test/integration/entry.test.ts", [
    ["surroundings", "a deleted working directory, closed streams, hostile variables, little memory", "…"],
  ]),
  ...counted("Hosts", "test/integration/damage.test.ts", [
    ["damaged state", "state files that are truncated, wrong, unexpected or missing", "…"],
  ]),
  ...counted("Hosts", "test/integration/foreign-bytes.test.ts", [
    ["foreign bytes", "mount points that are not UTF-8, mount tables of 64 MiB", "…"],
  ]),
  ...told("Bytes", "test/hostile/fuzz-files.test.ts", [
    ["config.json", "damaged config.json"],
    ["process.json", "damaged process.json for exec"],
    ["resources.json", "damaged resources for update"],
    ["state.json", "damaged state.json, under five verbs"],
    ["command lines", "random command lines"],
    ["passwd file", "damaged passwd files in the container"],
  ]),
  ...told("Bytes", "test/hostile/fuzz-bytes.test.ts", [
    ["D-Bus", "damaged replies from systemd"],
    ["CRIU", "damaged replies from CRIU"],
    ["mount tables", "damaged mount tables"],
  ]),
  ...told("Floods", "test/hostile/flood.test.ts", [
    ["alive", "containers alive at once, created 16 at a time, each exec'd into, listed, killed and deleted"],
    ["in a row", "containers run one after another: nothing grows"],
  ]),
];
