import { describe, expect, test } from "bun:test";
import { ConfigSchema } from "./config.ts";
import { defaultSpec } from "./default-spec.ts";
import { checkDocument } from "./document.ts";

// biome-ignore lint/suspicious/noExplicitAny: documents under test have any shape
type Any = any;

/** A configuration with changes, and what is said about it. */
function warningsOf(change: (config: Any) => void) {
  const value = JSON.parse(JSON.stringify(defaultSpec({ cgroupV2: true })));
  change(value);
  return checkDocument(ConfigSchema, "config.json", JSON.stringify(value)).warnings;
}

test.each<[string, (config: Any) => void, string, string]>([
  ["top level", (c) => (c.hostnam = "x"), "hostnam", "hostname"],
  ["two letters swapped", (c) => (c.linux.resoruces = {}), "linux.resoruces", "resources"],
  ["deep", (c) => (c.linux.resources.memory = { limt: 5 }), "linux.resources.memory.limt", "limit"],
  ["in a list", (c) => (c.mounts[2].optoins = []), "mounts[2].optoins", "options"],
  [
    "not in the first of a list",
    (c) => (c.linux.namespaces[3].paht = "/x"),
    "linux.namespaces[3].paht",
    "path",
  ],
  [
    "beside the right one",
    (c) => (c.process.noNewPrivilege = true),
    "process.noNewPrivilege",
    "noNewPrivileges",
  ],
  ["instead of one that is needed", (c) => (c.process = { agrs: ["sh"], cwd: "/" }), "process.agrs", "args"],
  ["an odd name", (c) => (c.process["cwd "] = "/"), 'process["cwd "]', "cwd"],
])("%s", (_name, change, path, meant) => {
  const warnings = warningsOf(change);
  expect(warnings.map((warning) => warning.path)).toEqual([path]);
  expect(warnings[0]?.message).toEndWith(`(did you mean "${meant}"?)`);
});

describe("nothing is said about", () => {
  test.each<[string, (config: Any) => void]>([
    ["the default", () => {}],
    ["keys of maps", (c) => Object.assign(c, { annotations: { hostnam: "x", annotation: "y" } })],
    ["sysctls", (c) => (c.linux.sysctl = { "net.ipv4.ip_forwad": "1" })],
    [
      "other platforms",
      (c) => Object.assign(c, { windows: { layerFolders: [] }, solaris: {}, vm: {}, zos: {}, freebsd: {} }),
    ],
    ["extensions", (c) => Object.assign(c, { "com.example": { hostnam: 1 } })],
    ["members of newer specifications", (c) => Object.assign(c.process, { commandLine: "x", newThing: {} })],
    ["a user's name", (c) => Object.assign(c.process.user, { username: "x" })],
    ["RDT", (c) => (c.linux.intelRdt = { closID: "a", enableCMT: true, enableMBM: true })],
  ])("%s", (_name, change) => {
    expect(warningsOf(change)).toEqual([]);
  });
});

test("no known member looks like another one misspelt for which a sibling is the likely meaning", () => {
  // A document of known members only says nothing, however near the names are to each other.
  const text = '{"linux":{"resources":{"cpu":{"cpus":"0","mems":"0"}}}}';
  expect(checkDocument(ConfigSchema, "config.json", text).warnings).toEqual([]);
});
