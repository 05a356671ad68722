/**
 * Every change of a configuration after which bunc and runc may do different things, and why that is right: in the words
 * of a specification. docs/CONFORMANCE-configurations.md is this list.
 */

type Starts = "bunc" | "runc" | "both";

export interface Justified {
  /** Of a change (changes.ts). */
  place: RegExp;
  kind: RegExp;
  /** The one that starts the container, where the other refuses; both: not the same process; either: all of that. */
  starts: Starts | "either";
  /** The version of runc that is not concerned any more: [major, minor]. */
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
    why: "it has no UTF-8; runc puts another character in its place",
  },
  {
    place: ANYWHERE,
    kind: /^with NUL$/,
    starts: "runc",
    what: "a NUL byte in a string",
    source: "POSIX.1-2017, 3.375 String",
    words: "A contiguous sequence of bytes terminated by and including the first null byte",
    why: "the kernel would take less than what stands there",
  },
  {
    place: /^linux\.resources\.devices\[\]\.access$/,
    kind: /^in capitals$/,
    starts: "runc",
    what: "access of a device rule without one of its letters",
    source: "runtime-spec, config-linux.md, Allowed Device list",
    words: "cgroup permissions for device. A composition of r (read), w (write), and m (mknod).",
    why: "a rule that means to deny would deny nothing",
  },
  {
    place: /^linux\.seccomp\..*[eE]rrnoRet$/,
    kind: /^beyond 32 bits$/,
    starts: "runc",
    what: "an errno of more than 32 bits",
    source: "runtime-spec, config-linux.md, Seccomp",
    words: "the errno return code to use",
    why: "runc cuts it to 16 bits: a call that is refused would report success",
  },
  {
    place: /(devices\[\]|Device\[\])\.(major|minor)$/,
    kind: /^(beyond 32 bits|minus two)$/,
    starts: "runc",
    what: "device numbers that no device has",
    source: "runtime-spec, config-linux.md, Devices",
    words: "major, minor numbers for the device",
    why: "cut to the bits that a device number has, it would be another device",
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
    why: "what it leads to depends on where runc is when it runs the hook; runc fails then, and of a poststop hook says nothing",
  },
  {
    place: ANYWHERE,
    kind: /^then null$/,
    starts: "bunc",
    what: "a member twice, the second time null",
    source: "RFC 8259, 4",
    words: "The names within an object SHOULD be unique.",
    why: "null says nothing, and takes nothing back: not the namespaces, not the capabilities",
  },
  {
    place: ANYWHERE,
    kind: /^then null$/,
    starts: "both",
    what: "the same, of a member that need not be there",
    source: "RFC 8259, 4",
    words: "The names within an object SHOULD be unique.",
    why: "runc drops what was said: a seccomp profile, limits, groups",
  },
  {
    place: /^process\.capabilities$/,
    kind: /^(missing|null)$/,
    starts: "both",
    what: "a process without capabilities",
    source: "runtime-spec, config.md, Linux Process",
    words: "is an object containing arrays that specifies the sets of capabilities for the process.",
    why: "who asks for none gets none; runc leaves the process all that it has itself",
  },
  {
    place: /^process\.rlimits\[\]\.soft$/,
    kind: /missing|null|empty/,
    starts: "bunc",
    what: "a soft limit of no open files",
    source: "getrlimit(2), RLIMIT_NOFILE",
    words:
      "This specifies a value one greater than the maximum file descriptor number that can be opened by this process.",
    why: "it is the program's limit, which has its streams already; runc sets it before it is done with files of its own",
  },
  {
    place: /^process\.env$/,
    kind: /^(missing|null)$/,
    starts: "both",
    what: "a process without env",
    source: "runtime-spec, config.md, Process",
    words: "with the same semantics as IEEE Std 1003.1-2008's environ",
    why: "HOME is set as with an empty list, where runc sets it too",
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
    why: "runc kills such a hook at once or lets it run, as it happens; here there is no timeout, with a warning",
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
    why: "they came with later versions of the specification",
  },
  {
    place: /^process\.(user\.additionalGids|env)$/,
    kind: /^(an item twice|too many|a null more)$/,
    starts: "both",
    before: [1, 2],
    what: "a group or a variable twice",
    source: "runtime-spec, config.md, Linux and Solaris User",
    words: "specifies additional group IDs in the container namespace to be added to the process.",
    why: "newer runc leaves groups as they are listed and the last of two variables, as bunc does",
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

/** The list as docs/CONFORMANCE-configurations.md has it. */
export function table(): string {
  const rows = justified.map(
    ({ what, starts, before, source, words, why }) =>
      `| ${what} | ${starts}${before === undefined ? "" : `, runc before ${before.join(".")}`} | ${source}: "${words}" | ${why} |`,
  );
  return ["| change | started by | the specification | why |", "|---|---|---|---|", ...rows, ""].join("\n");
}
