/** Where `spec --schema` is not what the schema of runtime-spec 1.3.0 says, each with its reason. */

interface Difference {
  /** A line of compare(). */
  line: RegExp;
  reason: string;
}

export const differences: readonly Difference[] = [
  {
    line: /: pattern: nothing → "\^\[\^\\\\u0000\]\*\$"$/,
    reason: "text with a NUL byte would be cut on its way to the kernel",
  },
  {
    line: /^(root\.path|mounts\[\]\.destination|.*\.names\[\]|.*priorities\[\]\.name): pattern: nothing → "\^\[\^\\\\u0000\]\+\$"$/,
    reason: "an empty name is the name of nothing",
  },
  {
    line: /^: required: /,
    reason:
      "config.md, Linux Process and Root: REQUIRED on Linux; the schema is for platforms without them too",
  },
  {
    line: /^process: required: |^process\.args: minItems/,
    reason: "config.md, Process: args is REQUIRED, with at least one entry; the schema is for Windows too",
  },
  {
    line: /^(hooks\.\w+\[\]\.path|process\.cwd|linux\.namespaces\[\]\.path): pattern: /,
    reason: "config.md and config-linux.md: MUST be an absolute path",
  },
  {
    line: /^process\.env\[\]: pattern: /,
    reason: "config.md, Process: the semantics of environ, NAME=VALUE",
  },
  {
    line: /^hooks\.\w+\[\]\.timeout: minimum: /,
    reason: "runc starts a hook with timeout 0; bunc gives it none, with a warning",
  },
  { line: /^hooks\.\w+\[\]\.timeout: maximum: /, reason: "seconds that a number holds exactly" },
  {
    line: /(\.uid|\.gid|additionalGids\[\]): maximum: 4294967295 → 4294967294$/,
    reason: "4294967295 is no ID: to the kernel it means that nothing is changed",
  },
  {
    line: /^linux\.devices\[\]\.(major|minor): /,
    reason: "a device number has 12 bits for its major and 20 for its minor part",
  },
  {
    line: /^linux\.resources\.(blockIO\.\w+|devices)\[\]\.(major|minor): /,
    reason: "the kernel takes 32 bits; -1 in device rules is every number",
  },
  {
    line: /^linux\.devices\[\]\.fileMode: /,
    reason: "runc takes the bits of a file's type with its mode, as container engines write them",
  },
  {
    line: /^(linux\.devices\[\]|linux\.resources\.devices\[\]|process\.rlimits\[\])\.type: /,
    reason: "the words that there are, for completion",
  },
  {
    line: /^linux\.resources\.devices\[\](: required|\.access: pattern)/,
    reason: "a rule about no access would deny nothing where it means to",
  },
  {
    line: /^linux\.resources\.blockIO\.throttle\w+\[\]: required: /,
    reason: "config-linux.md, Block IO: rate is REQUIRED",
  },
  { line: /^linux\.resources\.cpu\.idle: /, reason: "cpu.idle of the kernel is 0 or 1" },
  {
    line: /^linux\.resources\.pids: required: /,
    reason: "config-linux.md since 1.3.0 has limit OPTIONAL, and runc takes an empty object",
  },
  {
    line: /^linux\.rootfsPropagation: enum: /,
    reason: "config-linux.md has the recursive words too; empty is as if it were not there",
  },
  {
    line: /^linux\.seccomp(: required|\.defaultAction: enum): /,
    reason: "containerd writes an empty object for no profile, and runc takes it",
  },
  { line: /^linux\.seccomp\.syscalls\[\]\.args\[\]\.index: /, reason: "a system call has six arguments" },
  {
    line: /^linux\.seccomp\.syscalls\[\]\.names: minItems: /,
    reason: "runc takes a rule for no system call; bunc warns",
  },
  {
    line: /^linux\.timeOffsets\.(\*|boottime|monotonic)/,
    reason: "a map in config-linux.md; which clocks there are is a rule",
  },
  {
    line: /^linux\.(memoryPolicy|personality): required: /,
    reason: "config-linux.md: mode and domain are REQUIRED",
  },
  {
    line: /^process\.(ioPriority\.priority|oomScoreAdj): /,
    reason: "the range that the kernel has",
  },
  {
    line: /^(process\.execCPUAffinity\.\w+|linux\.intelRdt\.memBwSchema): pattern: /,
    reason: "the rules look at the lists themselves, and name what is wrong in them",
  },
  {
    line: /^process\.(commandLine|user\.username): only theirs$/,
    reason: "Windows",
  },
];
