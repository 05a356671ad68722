/** The command line as runc's callers write it. Argument vectors are those of go-runc, conmon, Podman and CRI-O. */

import { describe, expect, test } from "bun:test";
import { RuntimeError, UsageError } from "../failure/errors.ts";
import type { GlobalOptions } from "../verbs/global-flags.ts";
import { type VerbName, verbs } from "../verbs/verbs.ts";
import { parseCommandLine, type VerbInvocation } from "./program.ts";

function parse(...words: string[]): VerbInvocation {
  const invocation = parseCommandLine(words, "runc").invocation();
  if (invocation.kind !== "verb") throw new Error(`expected a verb, got ${invocation.kind}`);
  return invocation;
}

function failure(...words: string[]): RuntimeError {
  try {
    parseCommandLine(words, "runc").invocation();
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    throw error;
  }
  throw new Error(`accepted: ${words.join(" ")}`);
}

const createDefaults = { newKeyring: true, pivot: true, preserveFds: 0 };
const execDefaults = {
  additionalGids: [],
  cap: [],
  cgroup: [],
  detach: false,
  env: [],
  ignorePaused: false,
  preserveFds: 0,
  tty: false,
};

/** Flags of spec of which none is given. */
const specDefaults = {
  annotation: [],
  args: [],
  capAdd: [],
  capDrop: [],
  device: [],
  env: [],
  hook: [],
  mount: [],
  schema: false,
  sysctl: [],
  tmpfs: [],
};

describe("argument vectors of real callers", () => {
  const cases: {
    words: string[];
    verb: VerbName;
    options: object;
    args: unknown[];
    globals?: Partial<GlobalOptions>;
  }[] = [
    {
      words: [
        "--root",
        "/run/containerd/runc/k8s.io",
        "--debug",
        "--log",
        "/b/log.json",
        "--log-format",
        "json",
        "--systemd-cgroup",
        "--rootless=false",
        "create",
        "--bundle",
        "/b",
        "--pid-file",
        "/b/init.pid",
        "--console-socket",
        "/tmp/p.sock",
        "--no-pivot",
        "--no-new-keyring",
        "--preserve-fds",
        "2",
        "id1",
      ],
      verb: "create",
      options: {
        bundle: "/b",
        pidFile: "/b/init.pid",
        consoleSocket: "/tmp/p.sock",
        pivot: false,
        newKeyring: false,
        preserveFds: 2,
      },
      args: ["id1"],
      globals: {
        root: "/run/containerd/runc/k8s.io",
        debug: true,
        log: "/b/log.json",
        logFormat: "json",
        cgroupManager: "systemd",
        rootless: false,
      },
    },
    {
      words: ["restore", "--image-path", "/i", "--work-path", "/w", "-no-subreaper", "--bundle", "/b", "id"],
      verb: "restore",
      options: {
        imagePath: "/i",
        workPath: "/w",
        subreaper: false,
        bundle: "/b",
        autoDedup: false,
        detach: false,
        emptyNs: [],
        extUnixSk: false,
        fileLocks: false,
        lazyPages: false,
        pivot: true,
        shellJob: false,
        tcpEstablished: false,
      },
      args: ["id"],
    },
    { words: ["update", "--resources=-", "id"], verb: "update", options: { resources: "-" }, args: ["id"] },
    {
      words: ["events", "--stats", "id"],
      verb: "events",
      options: { stats: true, interval: 5000 },
      args: ["id"],
    },
    {
      words: ["events", "--interval=5s", "id"],
      verb: "events",
      options: { stats: false, interval: 5000 },
      args: ["id"],
    },
    { words: ["ps", "--format", "json", "id"], verb: "ps", options: { format: "json" }, args: ["id", []] },
    {
      words: ["ps", "--format", "table", "id", "-o", "pid,cmd"],
      verb: "ps",
      options: { format: "table" },
      args: ["id", ["-o", "pid,cmd"]],
    },
    { words: ["kill", "--all", "id", "15"], verb: "kill", options: { all: true }, args: ["id", "15"] },
    { words: ["kill", "id", "-9"], verb: "kill", options: { all: false }, args: ["id", "-9"] },
    { words: ["kill", "-a", "id", "KILL"], verb: "kill", options: { all: true }, args: ["id", "KILL"] },
    { words: ["delete", "--force", "id"], verb: "delete", options: { force: true }, args: ["id"] },
    { words: ["delete", "id", "-f"], verb: "delete", options: { force: true }, args: ["id"] },
    {
      words: ["run", "--bundle", "/b", "--no-pivot", "--keep", "id"],
      verb: "run",
      options: {
        bundle: "/b",
        detach: false,
        keep: true,
        newKeyring: true,
        pivot: false,
        preserveFds: 0,
        subreaper: true,
      },
      args: ["id"],
    },
    {
      words: ["exec", "--process", "/p", "--detach", "--pid-file", "/f", "id"],
      verb: "exec",
      options: { ...execDefaults, process: "/p", detach: true, pidFile: "/f" },
      args: ["id", []],
    },
    {
      words: ["exec", "id", "sh", "-c", "exit 3", "--help"],
      verb: "exec",
      options: execDefaults,
      args: ["id", ["sh", "-c", "exit 3", "--help"]],
    },
    {
      words: ["exec", "-t", "id", "--", "ls", "-l"],
      verb: "exec",
      options: { ...execDefaults, tty: true },
      args: ["id", ["ls", "-l"]],
    },
    {
      words: [
        "exec",
        "-e",
        "A=1",
        "--env=B=2=3",
        "-env",
        "C=",
        "-u",
        "1000:100",
        "-g",
        "5",
        "-g",
        "6",
        "--cap",
        "net_raw",
        "--no-new-privs",
        "--cgroup",
        "cpu,cpuacct:x",
        "id",
        "true",
      ],
      verb: "exec",
      options: {
        ...execDefaults,
        env: ["A=1", "B=2=3", "C="],
        user: { uid: 1000, gid: 100 },
        additionalGids: [5, 6],
        cap: ["CAP_NET_RAW"],
        newPrivs: false,
        cgroup: ["cpu,cpuacct:x"],
      },
      args: ["id", ["true"]],
    },
    {
      words: ["exec", "--no-new-privs=false", "id", "true"],
      verb: "exec",
      options: { ...execDefaults, newPrivs: true },
      args: ["id", ["true"]],
    },
    {
      words: ["create", "id", "-bundle=/x", "--no-pivot=false"],
      verb: "create",
      options: { ...createDefaults, bundle: "/x" },
      args: ["id"],
    },
    {
      words: ["create", "-b", "/x", "--no-pivot", "--no-pivot=0", "id"],
      verb: "create",
      options: { ...createDefaults, bundle: "/x" },
      args: ["id"],
    },
    {
      words: ["create", "--bundle", "--x", "id"],
      verb: "create",
      options: { ...createDefaults, bundle: `${process.cwd()}/--x` },
      args: ["id"],
    },
    {
      words: ["create", "--bundle", "/1", "--bundle", "/2", "--pid-file=", "id"],
      verb: "create",
      options: { ...createDefaults, bundle: "/2" },
      args: ["id"],
    },
    { words: ["state", "--", "id"], verb: "state", options: {}, args: ["id"] },
    { words: ["--", "state", "id"], verb: "state", options: {}, args: ["id"] },
    {
      words: ["state", "--root", "/r", "id", "-debug"],
      verb: "state",
      options: {},
      args: ["id"],
      globals: { root: "/r", debug: true },
    },
    {
      words: ["-root=/r", "-debug=false", "list", "-q", "-f", "json"],
      verb: "list",
      options: { quiet: true, format: "json" },
      args: [],
      globals: { root: "/r", debug: false },
    },
    {
      words: ["--criu", "/usr/sbin/criu", "--log-level=warn", "state", "id"],
      verb: "state",
      options: {},
      args: ["id"],
      globals: { logLevel: "warning" },
    },
    {
      words: ["--systemd-cgroup", "--cgroup-manager", "disabled", "state", "id"],
      verb: "state",
      options: {},
      args: ["id"],
      globals: { cgroupManager: "disabled" },
    },
    {
      words: ["spec", "--rootless"],
      verb: "spec",
      options: { ...specDefaults, rootless: true },
      args: [undefined],
      globals: { rootless: "auto" },
    },
    {
      words: ["--rootless", "true", "spec", "-b", "/b"],
      verb: "spec",
      options: { ...specDefaults, rootless: false, bundle: "/b" },
      args: [undefined],
      globals: { rootless: true },
    },
    {
      words: [
        "update",
        "--memory",
        "1g",
        "--memory-swap",
        "-1",
        "--cpu-quota",
        "-1",
        "--cpu-share",
        "18446744073709551615",
        "--pids-limit",
        "-1",
        "--cpuset-cpus",
        "0-3",
        "--blkio-weight",
        "0",
        "--cpu-period",
        "",
        "id",
      ],
      verb: "update",
      options: {
        memory: 1_073_741_824n,
        memorySwap: -1n,
        cpuQuota: -1n,
        cpuShare: 18_446_744_073_709_551_615n,
        pidsLimit: -1,
        cpusetCpus: "0-3",
        blkioWeight: 0,
      },
      args: ["id"],
    },
    {
      words: ["mounts", "add", "id", "/m.json"],
      verb: "mounts",
      options: {},
      args: ["add", "id", "/m.json"],
    },
  ];

  test.each(cases)("$words", ({ words, verb, options, args, globals }) => {
    const invocation = parse(...words);
    expect(invocation.verb).toBe(verb);
    expect<object>(invocation.options).toEqual(options);
    expect(invocation.args as unknown[]).toEqual(args);
    if (globals !== undefined) expect(parseCommandLine(words, "bunc").globals).toMatchObject(globals);
  });
});

describe("wrong command lines", () => {
  const cases: [words: string[], message: string, exitCode?: number][] = [
    [["restore", "--lsm-mount-context"], "flag needs an argument: --lsm-mount-context"],
    [["restore", "-lsm-mount-context"], "flag needs an argument: -lsm-mount-context"],
    [["create", "--nothing", "id"], "flag provided but not defined: -nothing"],
    [["create", "-x=1", "id"], "flag provided but not defined: -x"],
    [["--nothing", "create", "id"], "flag provided but not defined: -nothing"],
    [["--log"], "flag needs an argument: --log"],
    [["create", "-bt", "id"], "flag provided but not defined: -bt"],
    [["exec", "--__proto__", "id"], "flag provided but not defined: -__proto__"],
    [["create", "--pid-fil=x", "id"], "flag provided but not defined: -pid-fil (did you mean pid-file?)"],
    [["create", "--roto=x", "id"], "flag provided but not defined: -roto (did you mean root?)"],
    [["list", "--hlep"], "flag provided but not defined: -hlep (did you mean help?)"],
    [["lst"], `No help topic for 'lst' (did you mean "list"?)`, 3],
    [["help", "strat"], `No help topic for 'strat' (did you mean "start"?)`, 3],
    [["remove"], "No help topic for 'remove'", 3],
    [
      ["--cgroup-manager", "sytemd", "list"],
      'invalid value "sytemd" for flag -cgroup-manager: invalid cgroup-manager: "sytemd" is not cgroupfs, systemd, disabled (did you mean "systemd"?)',
    ],
    [["create"], 'runc: "create" requires exactly 1 argument(s)'],
    [["start", "a", "b"], 'runc: "start" requires exactly 1 argument(s)'],
    [["kill"], 'runc: "kill" requires a minimum of 1 argument(s)'],
    [["kill", "a", "b", "c"], 'runc: "kill" requires a maximum of 2 argument(s)'],
    [["exec"], 'runc: "exec" requires a minimum of 1 argument(s)'],
    [["ps"], 'runc: "ps" requires a minimum of 1 argument(s)'],
    [["list", "x"], 'runc: "list" requires exactly 0 argument(s)'],
    [["foo"], "No help topic for 'foo'", 3],
    [["foo", "-h"], "No help topic for 'foo'", 3],
    [["help", "foo"], "No help topic for 'foo'", 3],
    [["--help", "foo"], "No help topic for 'foo'", 3],
    [["__proto__"], "No help topic for '__proto__'", 3],
    [["state", ""], "container id cannot be empty"],
    [["state", "a/b"], "invalid container ID format"],
    [["mounts", "add", "..", "f"], "invalid container ID format"],
    [
      ["--log-format", "xml", "list"],
      'invalid value "xml" for flag -log-format: invalid log-format: "xml" is not text, json',
    ],
    [["run", "--detach=maybe", "id"], 'invalid value "maybe" for boolean flag -detach: use true or false'],
  ];

  test.each(cases)("%p: %s", (words, message, exitCode = 1) => {
    const error = failure(...words);
    expect(error.message).toBe(message);
    expect(error.exitCode).toBe(exitCode);
  });

  // Every flag with a parser of its own, through the whole command line.
  const badValues: [verb: VerbName, flag: string, value: string][] = [
    ["create", "preserve-fds", "-1"],
    ["run", "preserve-fds", ""],
    ["exec", "preserve-fds", "1e3"],
    ["exec", "user", "root"],
    ["exec", "user", "4294967295"],
    ["exec", "additional-gids", "-5"],
    ["exec", "env", "NAME"],
    ["list", "format", "xml"],
    ["ps", "format", "yaml"],
    ["events", "interval", "0s"],
    ["update", "blkio-weight", "9"],
    ["update", "blkio-weight", "1001"],
    ["update", "cpu-period", "-1"],
    ["update", "cpu-quota", "1.5"],
    ["update", "cpu-burst", "x"],
    ["update", "cpu-share", "18446744073709551616"],
    ["update", "cpu-rt-period", "1s"],
    ["update", "cpu-rt-runtime", "0x1"],
    ["update", "cpu-idle", "yes"],
    ["update", "cpuset-cpus", "3-1"],
    ["update", "cpuset-mems", "all"],
    ["update", "memory", "1x"],
    ["update", "memory-reservation", "-2"],
    ["update", "memory-swap", "unlimited"],
    ["update", "kernel-memory", "x"],
    ["update", "kernel-memory-tcp", "x"],
    ["update", "pids-limit", "many"],
    ["update", "pids-limit", "-2"],
    ["checkpoint", "status-fd", "-2"],
    ["checkpoint", "page-server", "host"],
    ["checkpoint", "parent-path", "/absolute"],
    ["checkpoint", "manage-cgroups-mode", "hard"],
    ["checkpoint", "empty-ns", "mount"],
    ["restore", "manage-cgroups-mode", "hard"],
    ["restore", "empty-ns", "pid"],
    ["state", "root", "/"],
    ["state", "root", ""],
    ["state", "log-format", "xml"],
    ["state", "log-level", "loud"],
    ["state", "cgroup-manager", "docker"],
    ["state", "rootless", "maybe"],
  ];

  test.each(badValues)("%s --%s=%p", (verb, flag, value) => {
    const error = failure(verb, `--${flag}=${value}`, ...(verb === "list" ? [] : ["id"]));
    expect(error.message).toContain(`invalid value ${JSON.stringify(value)} for flag -${flag}: `);
    // runc's flag parser reads numbers and durations, and says how the command is used; its commands read the rest.
    const isTyped = ["preserve-fds", "status-fd", "pids-limit", "blkio-weight", "interval"].includes(flag);
    const isForm = isTyped && !/^[+-]?[0-9]+(s|)$/.test(value);
    expect([flag, value, error instanceof UsageError]).toEqual([flag, value, isForm]);
    expect([flag, value, error.exitCode]).toEqual([flag, value, verb === "exec" && !isForm ? 255 : 1]);
  });
});

describe("help", () => {
  const help = (...words: string[]): string => {
    const invocation = parseCommandLine(words, "runc").invocation();
    return invocation.kind === "help" ? invocation.text : `not help: ${invocation.kind}`;
  };

  test.each([[], ["-h"], ["--help"], ["-help"], ["help"], ["h"], ["--debug", "--help"]])(
    "%p is that of the root",
    (...words) => {
      const lines = help(...words).split("\n");
      expect(lines[0]).toBe("NAME:");
      expect(lines[1]).toBe("   runc - Open Container Initiative runtime");
    },
  );

  for (const verb of Object.keys(verbs)) {
    test.each([
      { words: [verb, "-h"] },
      { words: [verb, "--help"] },
      { words: [verb, "--nothing", "--help"] },
      { words: ["--help", verb] },
      { words: ["help", verb] },
    ])("$words", ({ words }) => {
      const lines = help(...words).split("\n");
      expect(lines[0]).toBe("NAME:");
      expect(lines[1]).toStartWith(`   runc ${verb} - `);
    });
  }

  test("a usage error carries the help of its command", () => {
    expect((failure("create") as UsageError).help).toContain("runc create [options] <container-id>");
    expect((failure("--nothing") as UsageError).help).toContain("COMMANDS:");
  });

  test("the name bunc is called by stands in the texts", () => {
    const invocation = parseCommandLine(["kill", "-h"], "bunc").invocation();
    expect(invocation).toMatchObject({ text: expect.stringContaining("bunc kill ubuntu01 KILL") });
  });
});

test.each(["-v", "--version", "-version", "--debug -v", "--version state"])(
  "%s asks for the version",
  (line) => {
    expect(parseCommandLine(line.split(" "), "runc").invocation().kind).toBe("version");
  },
);

test("a wrong flag of the verb is reported to the log that the global flags ask for", () => {
  const { globals, invocation } = parseCommandLine(["--log", "/l", "create", "--nothing"], "runc");
  expect(globals.log).toBe("/l");
  expect(invocation).toThrow(UsageError);
});

describe("no words make it throw anything but a RuntimeError", () => {
  const pieces = [
    ...Object.keys(verbs),
    ..."-- - --help -h --version -v --root /r --root= --log --log-format=json --debug=maybe --rootless -x --=x --=".split(
      " ",
    ),
    ..."--bundle -b= -bundle=/x --user 0:0 --env A=1 -e --cap=bpf --memory -1 --interval 5s --no-pivot=false --new-privs".split(
      " ",
    ),
    ..."id a/b .. -1 -9 --preserve-fds 3 __proto__ --__proto__=1 --constructor --toString=1 \u0000 \ud800 ä -ä --ä=ö".split(
      " ",
    ),
    "",
    " ",
    "a b",
  ];

  test.each([1, 2, 3])("seed %d", (seed) => {
    // A linear congruential generator (Numerical Recipes): the same words for the same seed.
    let state = seed;
    const next = (bound: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % bound;
    };
    for (let round = 0; round < 2000; round += 1) {
      const words = Array.from({ length: next(7) }, () => pieces[next(pieces.length)] as string);
      try {
        parseCommandLine(words, "runc").invocation();
      } catch (error) {
        if (!(error instanceof RuntimeError))
          throw new Error(`seed ${seed}: ${JSON.stringify(words)}`, { cause: error });
      }
    }
  });
});
