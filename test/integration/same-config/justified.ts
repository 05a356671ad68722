/**
 * Every change of a configuration after which bunc and runc may behave differently, and why that is right, with a quotation
 * from a specification. docs/CONFORMANCE-configurations.md has this list.
 */

type Starts = "bunc" | "runc" | "both";

export interface Justified {
  /** Of a change (changes.ts). */
  place: RegExp;
  kind: RegExp;
  /** The one that starts the container where the other refuses; both: with different processes; either: any of these. */
  starts: Starts | "either";
  /** The first version of runc that is no longer concerned: [major, minor]. */
  before?: readonly [number, number];
  what: string;
  source: string;
  words: string;
  why: string;
}

const ANYWHERE = /^/;

export const justified: readonly Justified[] = [
  {
    place: ANYWHERE,
    kind: /^half of a surrogate$/,
    starts: "runc",
    what: "half of a surrogate pair in a string",
    source: "RFC 8259, 8.2",
    words: "The behavior of software that receives JSON texts containing such values is unpredictable",
    why: "it cannot be encoded in UTF-8; runc replaces it with another character",
  },
  {
    place: ANYWHERE,
    kind: /^with NUL$/,
    starts: "runc",
    what: "a NUL byte in a string",
    source: "POSIX.1-2017, 3.375 String",
    words: "A contiguous sequence of bytes terminated by and including the first null byte",
    why: "the kernel would read only the part before it",
  },
  {
    place: /^linux\.resources\.devices\[\]\.access$/,
    kind: /^in capitals$/,
    starts: "runc",
    what: "access of a device rule without one of its letters",
    source: "runtime-spec, config-linux.md, Allowed Device list",
    words: "cgroup permissions for device. A composition of r (read), w (write), and m (mknod).",
    why: "a rule that is meant to deny would deny nothing",
  },
  {
    place: /^linux\.seccomp\..*[eE]rrnoRet$/,
    kind: /^beyond 32 bits$/,
    starts: "runc",
    what: "an errno of more than 32 bits",
    source: "runtime-spec, config-linux.md, Seccomp",
    words: "the errno return code to use",
    why: "runc truncates it to 16 bits: a refused call could report success",
  },
  {
    place: /(devices\[\]|Device\[\])\.(major|minor)$/,
    kind: /^(beyond 32 bits|minus two)$/,
    starts: "runc",
    what: "device numbers that no device has",
    source: "runtime-spec, config-linux.md, Devices",
    words: "major, minor numbers for the device",
    why: "truncated to the size of a device number, it would be another device",
  },
  {
    place: /^linux\.(uid|gid)Mappings\[\](\.hostID)?$/,
    kind: ANYWHERE,
    starts: "runc",
    what: "a mapping without hostID",
    source: "runtime-spec, config-linux.md, User namespace mappings",
    words: "hostID (uint32, REQUIRED) - is the starting uid/gid on the host to be mapped to containerID.",
    why: "runc takes 0 for it, the host's root",
  },
  {
    place: /^hooks\./,
    kind: /null|empty|missing|slash|space|unknown member/,
    starts: "runc",
    what: "a hook whose path is missing or relative",
    source: "runtime-spec, config.md, POSIX-platform Hooks",
    words: "This specification extends the IEEE standard in that path MUST be absolute.",
    why: "a relative path depends on runc's working directory when it runs the hook; runc fails only then, and silently for a poststop hook",
  },
  {
    place: ANYWHERE,
    kind: /^then null$/,
    starts: "bunc",
    what: "a member twice, the second time null",
    source: "RFC 8259, 4",
    words: "The names within an object SHOULD be unique.",
    why: "null means not set, so it does not override namespaces or capabilities given before",
  },
  {
    place: ANYWHERE,
    kind: /^then null$/,
    starts: "both",
    what: "the same with an optional member",
    source: "RFC 8259, 4",
    words: "The names within an object SHOULD be unique.",
    why: "runc drops the first value: a seccomp profile, limits, groups",
  },
  {
    place: /^process\.capabilities$/,
    kind: /^(missing|null)$/,
    starts: "both",
    what: "a process without capabilities",
    source: "runtime-spec, config.md, Linux Process",
    words: "is an object containing arrays that specifies the sets of capabilities for the process.",
    why: "a process that asks for none gets none; runc leaves it all of runc's own",
  },
  {
    place: /^process\.rlimits\[\]\.soft$/,
    kind: /missing|null|empty/,
    starts: "bunc",
    what: "a soft limit of no open files",
    source: "getrlimit(2), RLIMIT_NOFILE",
    words:
      "This specifies a value one greater than the maximum file descriptor number that can be opened by this process.",
    why: "the limit is for the program, whose streams are already open; runc sets it while it still needs to open files itself",
  },
  {
    place: /^process\.env$/,
    kind: /^(missing|null)$/,
    starts: "both",
    what: "a process without env",
    source: "runtime-spec, config.md, Process",
    words: "with the same semantics as IEEE Std 1003.1-2008's environ",
    why: "bunc sets HOME as with an empty list, with which runc sets it too",
  },
  {
    place: /^mounts(\[\](\.destination|\.type)?)?$/,
    kind: ANYWHERE,
    starts: "bunc",
    what: "a container without /proc",
    source: "runtime-spec, config.md, Mounts",
    words: "mounts (array of objects, OPTIONAL) specifies additional mounts beyond root.",
    why: "runc itself reads files of the container's /proc; bunc needs none",
  },
  {
    place: /^$/,
    kind: /^members of other platforms$/,
    starts: "bunc",
    what: "members of other platforms, of any shape",
    source: "runtime-spec, config.md, Extensibility",
    words: "Runtimes MAY log unknown properties but MUST otherwise ignore them.",
    why: "they are unknown on Linux",
  },
  {
    place: /^hooks\..*\.timeout$/,
    kind: /empty/,
    starts: "bunc",
    what: "a hook timeout of 0",
    source: "runtime-spec, config.md, POSIX-platform Hooks",
    words: "If set, timeout MUST be greater than zero.",
    why: "runc kills such a hook at once or lets it run, depending on timing; bunc runs it without a timeout, with a warning",
  },
  {
    place:
      /^(domainname|process\.(scheduler|ioPriority|execCPUAffinity)|linux\.(personality|resources\.cpu\.idle|seccomp\.flags))/,
    kind: ANYWHERE,
    starts: "either",
    before: [1, 2],
    what: "members that an old runc does not know",
    source: "runtime-spec, config.md, Extensibility",
    words: "Runtimes MAY log unknown properties but MUST otherwise ignore them.",
    why: "later versions of the specification added them",
  },
  {
    place: /^process\.(user\.additionalGids|env)$/,
    kind: /^(an item twice|too many|a null more)$/,
    starts: "both",
    before: [1, 2],
    what: "a group or a variable twice",
    source: "runtime-spec, config.md, Linux and Solaris User",
    words: "specifies additional group IDs in the container namespace to be added to the process.",
    why: "like bunc, newer runc keeps the groups as listed, and the last of two equal variables",
  },
];

/** `version`: runc's, such as "1.3.6". */
export function justificationOf(
  { place, kind }: { place: string; kind: string },
  starts: Starts,
  version: string,
): Justified | undefined {
  return justified.find(
    (entry) =>
      (entry.starts === starts || entry.starts === "either") &&
      entry.place.test(place) &&
      entry.kind.test(kind) &&
      (entry.before === undefined || isBefore(version, entry.before)),
  );
}

function isBefore(version: string, [major, minor]: readonly [number, number]): boolean {
  const [itsMajor = 0, itsMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return itsMajor < major || (itsMajor === major && itsMinor < minor);
}

/** The list as docs/CONFORMANCE-configurations.md shows it. */
export function table(): string {
  const rows = justified.map(
    ({ what, starts, before, source, words, why }) =>
      `| ${what} | ${starts}${before === undefined ? "" : `, runc before ${before.join(".")}`} | ${source}: "${words}" | ${why} |`,
  );
  return ["| change | started by | the specification | why |", "|---|---|---|---|", ...rows, ""].join("\n");
}
