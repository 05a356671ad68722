import { describe, expect, test } from "bun:test";
import type { RuntimeError } from "../failure/errors.ts";
import { hostFacts } from "../host/host.ts";
import { mayRepeatNames, parseJson } from "./json.ts";
import { loadProcess } from "./process-document.ts";
import { loadConfig } from "./validate.ts";

const texts = {
  release: "6.18.0",
  euid: 0,
  egid: 0,
  cgroup_file_system: "cgroup2",
  self_cgroup: "0::/\n",
  mountinfo: "27 1 254:0 / / rw - ext4 /dev/vda rw\n",
  uid_map: "0 0 4294967295\n",
  gid_map: "0 0 4294967295\n",
  apparmor: "",
  streams: ["/dev/null", "/dev/null", "/dev/null"],
};
const facts = { host: hostFacts(texts), noPivot: false, rootlessCgroups: false, bundle: "/bundle" };

const VERSION = '"ociVersion":"1.3.0"';
const ROOT = '"root":{"path":"rootfs"}';
const PROCESS = '"process":{"args":["sh"],"cwd":"/"}';
const LINUX = '"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}]}';

/** A configuration; members are instead of those of the same first word. */
const config = (...members: string[]) => {
  const nameOf = (member: string) => member.slice(0, member.indexOf(":"));
  const kept = [VERSION, ROOT, PROCESS, LINUX].filter(
    (member) => !members.some((other) => nameOf(other).toLowerCase() === nameOf(member).toLowerCase()),
  );
  return `{${[...kept, ...members.filter((member) => !member.endsWith("missing"))].join(",")}}`;
};

const process = (members: string) => config(`"process":{"args":["sh"],"cwd":"/",${members}}`);
const linux = (members: string) =>
  config(`"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}],${members}}`);

/** Path and found of each warning. */
const warningsOf = (text: string) =>
  loadConfig(text, facts).warnings.map(({ path = "", found }) => [path, found]);

describe("what runc starts is a warning with its path", () => {
  const table: [what: string, text: string, path: string, found: string][] = [
    ["no version", config('"ociVersion":missing'), "ociVersion", '""'],
    ["an empty version", config('"ociVersion":""'), "ociVersion", '""'],
    ["a version with a v", config('"ociVersion":"v1.0.2"'), "ociVersion", '"v1.0.2"'],
    ["two numbers", config('"ociVersion":"1.0"'), "ociVersion", '"1.0"'],
    ["below 1.0.0", config('"ociVersion":"0.9.0"'), "ociVersion", '"0.9.0"'],
    ["another case", config('"PROCESS":{"args":["sh"],"cwd":"/"}'), "PROCESS", '{"args":["sh"],"cwd":"/"}'],
    ["another case, deep", process('"user":{"UID":5}'), "process.user.UID", "5"],
    [
      "pagesize",
      linux('"resources":{"hugepageLimits":[{"pagesize":"2MB","limit":1}]}'),
      "linux.resources.hugepageLimits[0].pagesize",
      '"2MB"',
    ],
    [
      "a letter that folds to s",
      config('"process":missing', '"proceſs":{"args":["sh"],"cwd":"/"}'),
      '["proceſs"]',
      '{"args":["sh"],"cwd":"/"}',
    ],
    ["a member twice", config('"hostname":""', '"hostname":""'), "hostname", '""'],
    [
      "null in a list of texts",
      config('"process":{"args":["sh",null],"cwd":"/"}'),
      "process.args[1]",
      "null",
    ],
    [
      "null in a list of numbers",
      process('"user":{"additionalGids":[null]}'),
      "process.user.additionalGids[0]",
      "null",
    ],
    [
      "a limit without hard",
      process('"rlimits":[{"type":"RLIMIT_CPU","soft":0}]'),
      "process.rlimits[0].hard",
      "nothing",
    ],
    [
      "a device rule without allow",
      linux('"resources":{"devices":[{"access":"rwm"}]}'),
      "linux.resources.devices[0].allow",
      "nothing",
    ],
    ["text behind", `${config()}\n}`, "", '"\\n}"'],
    ["mappings without a user namespace", linux('"uidMappings":[]'), "linux.uidMappings", "[]"],
    [
      "a rule for no system call",
      linux(
        '"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[],"action":"SCMP_ACT_KILL"}]}',
      ),
      "linux.seccomp.syscalls[0].names",
      "[]",
    ],
    [
      "intelRdt without resctrl",
      linux('"intelRdt":{}'),
      "linux.intelRdt",
      '{"closID":"","l3CacheSchema":"","memBwSchema":"","enableMonitoring":false}'.slice(0, 80),
    ],
    ["a relative masked path", linux('"maskedPaths":["proc/keys"]'), "linux.maskedPaths[0]", '"proc/keys"'],
    [
      "an agent that no rule asks",
      linux('"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/agent"}'),
      "linux.seccomp.listenerPath",
      '"/run/agent"',
    ],
    ["an empty masked path", linux('"maskedPaths":["/proc/keys",""]'), "linux.maskedPaths[1]", '""'],
    ["a device without a place", linux('"devices":[{"path":"","type":"c"}]'), "linux.devices[0].path", '""'],
    ["a relative read-only path", linux('"readonlyPaths":["sys"]'), "linux.readonlyPaths[0]", '"sys"'],
    [
      "a relative device",
      linux('"devices":[{"path":"dev/fuse","type":"c","major":10,"minor":229}]'),
      "linux.devices[0].path",
      '"dev/fuse"',
    ],
    ["a large umask", process('"user":{"umask":4095}'), "process.user.umask", "4095"],
    [
      "an rlimit twice",
      process('"rlimits":[{"type":"RLIMIT_CPU","soft":1,"hard":1},{"type":"RLIMIT_CPU","soft":1,"hard":1}]'),
      "process.rlimits[1].type",
      '"RLIMIT_CPU"',
    ],
    ["an annotation without a name", config('"annotations":{"":"x"}'), 'annotations[""]', '"x"'],
    [
      "access of other letters",
      linux('"resources":{"devices":[{"allow":false,"access":"rwa"}]}'),
      "linux.resources.devices[0].access",
      '"rwa"',
    ],
    [
      "a timeout of 0",
      config('"hooks":{"poststop":[{"path":"/x","timeout":0}]}'),
      "hooks.poststop[0].timeout",
      "0",
    ],
    [
      "a terminal beyond 16 bits",
      process('"terminal":true,"consoleSize":{"height":65536,"width":80}'),
      "process.consoleSize.height",
      "65536",
    ],
  ];
  test.each(table)("%s", (_what, text, path, found) => {
    expect(warningsOf(text)).toEqual([[path, found]]);
  });

  test("also of a process of its own", () => {
    const { value, warnings } = loadProcess(
      '{"Args":["sh"],"cwd":"/","user":{"umask":4095}}',
      "p.json",
      facts,
    );
    expect(value.args).toEqual(["sh"]);
    expect(warnings.map(({ path }) => path)).toEqual(["Args", "user.umask"]);
  });

  test("and stands beside the errors", () => {
    try {
      loadConfig(process('"Terminal":true,"oomScoreAdj":2000'), facts);
      expect.unreachable();
    } catch (error) {
      const { configErrors, warnings } = error as RuntimeError;
      expect(configErrors?.map(({ path }) => path)).toEqual(["process.oomScoreAdj"]);
      expect(warnings?.map(({ path }) => path)).toEqual(["process.Terminal"]);
    }
  });
});

describe("what opens a hole stays an error", () => {
  const table: [what: string, text: string, path: string][] = [
    [
      "a device rule that would deny nothing",
      linux('"resources":{"devices":[{"allow":false,"access":"RWM"}]}'),
      "linux.resources.devices[0].access",
    ],
    [
      "a mapping to nobody in particular, which would be root",
      config(
        '"linux":{"namespaces":[{"type":"mount"},{"type":"user"}],"uidMappings":[{"containerID":0,"size":1}],"gidMappings":[{"containerID":0,"hostID":1,"size":1}]}',
      ),
      "linux.uidMappings[0].hostID",
    ],
    ["a version that may mean anything", config('"ociVersion":"v2.1"'), "ociVersion"],
    ["shares of a processor that has none", linux('"intelRdt":{"schemata":["L3:0=1"]}'), "linux.intelRdt"],
  ];
  test.each(table)("%s", (_what, text, path) => {
    try {
      loadConfig(text, facts);
      expect.unreachable();
    } catch (error) {
      expect((error as RuntimeError).configErrors?.map((issue) => issue.path)).toEqual([path]);
    }
  });
});

describe("a name more than once, as Go reads it", () => {
  const load = (text: string) => loadConfig(text, facts).value;

  test("objects are merged: a second one takes nothing away", () => {
    const { linux: merged } = load(
      config('"linux":{"namespaces":[{"type":"mount"}],"cgroupsPath":"a"}', '"linux":{}'),
    );
    expect(merged.namespaces).toEqual([{ type: "mount", path: "" }]);
    expect(merged.cgroupsPath).toBe("a");
  });

  test("of lists and values the last holds, in whatever case", () => {
    const { process: merged } = load(process('"user":{"uid":1,"Uid":2,"uid":3},"env":["A=1"],"ENV":["B=1"]'));
    expect(merged?.user.uid).toBe(3);
    expect(merged?.env).toEqual(["B=1"]);
  });

  test("null says nothing", () => {
    expect(load(config('"process":{"cwd":"/","cwd":null,"args":["sh"]}')).process?.cwd).toBe("/");
  });

  test("maps are merged by their keys, which keep their case", () => {
    const { annotations } = load(
      config('"annotations":{"a":"1","A":"2"}', '"annotations":{"b":"3","a":"4"}'),
    );
    expect({ ...annotations }).toEqual({ a: "4", A: "2", b: "3" });
  });

  test("integers keep every digit", () => {
    const text = process(
      '"rlimits":[{"type":"RLIMIT_CPU","Soft":18446744073709551615,"hard":18446744073709551615}]',
    );
    expect(load(text).process?.rlimits[0]?.soft).toBe(18446744073709551615n);
  });
});

test("names that objects have by nature are no names of the specification", () => {
  const text = config('"constructor":1', '"__proto__":{"x":1}', '"toString":null');
  expect(warningsOf(text)).toEqual([]);
});

test("an object that has a name twice is noticed, however it is written", () => {
  const table: [text: string, repeats: boolean][] = [
    ['{"a":1,"b":{"a":"x:y","c":null}}', false],
    ['{ "a" : 1 , "a" : 1 }', true],
    ['{"a":{"b":1},"a":{"b":1}}', true],
    ['[{"a":12345678901234567890},{"a":null,"a":1}]', true],
    ['{"a":12345678901234567890,"b":null}', false],
    // The colon that is lost could be made up for.
    ['{"a":1,"a":"\\u003a"}', true],
  ];
  for (const [text, repeats] of table)
    expect([text, mayRepeatNames(text, parseJson(text))]).toEqual([text, repeats]);
});
