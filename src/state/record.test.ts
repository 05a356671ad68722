import { describe, expect, test } from "bun:test";
import { fakeRecord } from "./fake-state.ts";
import { parseRecord, STATE_VERSION, serializeRecord } from "./record.ts";

const file = "/run/runc/c/state.json";
const parse = (value: unknown) => parseRecord(JSON.stringify(value), file);

test("a record comes back as it was written", () => {
  const record = fakeRecord({ cgroup_paths: { "": "/sys/fs/cgroup/c" } }, { annotations: { a: "b" } });
  expect(parseRecord(serializeRecord(record), file)).toEqual(record);
});

test("numbers that JavaScript has not are written as they were", () => {
  const text = serializeRecord(fakeRecord()).replace('"hostname":""', '"hostname":18446744073709551615');
  expect(serializeRecord(parseRecord(text, file))).toBe(text);
});

test("records of older versions, without what came later", () => {
  const { version: _, ...own } = fakeRecord().bunc;
  expect(parse({ ...fakeRecord(), bunc: { ...own, version: 0 } }).bunc.version).toBe(0);
});

describe("a state file that is refused names itself and what is wrong", () => {
  const own = (changed: object) => ({ ...fakeRecord(), bunc: { ...fakeRecord().bunc, ...changed } });
  const cases: [name: string, text: string, why: string][] = [
    ["no JSON", "{", "line 1, column 2"],
    ["no object", "[]", "it is not a JSON object"],
    ["another runtime's", JSON.stringify({ id: "c", init_process_pid: 7 }), "it was not written by bunc"],
    ["a newer one", JSON.stringify(own({ version: STATE_VERSION + 1 })), "is newer than this bunc"],
    [
      "a pid below 0",
      JSON.stringify({ ...fakeRecord(), init_process_pid: -1 }),
      "field init_process_pid is -1",
    ],
    [
      "a pid that the kernel cannot have",
      JSON.stringify({ ...fakeRecord(), init_process_pid: 2 ** 22 + 1 }),
      "field init_process_pid is 4194305",
    ],
    [
      "a pid that is text",
      JSON.stringify({ ...fakeRecord(), init_process_pid: "7" }),
      'init_process_pid is "7"',
    ],
    ["a list of cgroups", JSON.stringify({ ...fakeRecord(), cgroup_paths: [] }), "field cgroup_paths is []"],
    [
      "a cgroup that is a number",
      JSON.stringify({ ...fakeRecord(), cgroup_paths: { "": 1 } }),
      "field cgroup_paths is",
    ],
    [
      "a format that is no number",
      JSON.stringify(own({ version: { "": 1 } })),
      'field bunc.version is {"":1}',
    ],
    [
      "namespaces that are no list",
      JSON.stringify({ ...fakeRecord(), config: { ...fakeRecord().config, namespaces: {} } }),
      "field config is {",
    ],
    [
      "no root file system",
      JSON.stringify({ ...fakeRecord(), config: { ...fakeRecord().config, rootfs: 1 } }),
      "field config is {",
    ],
    ["no id", JSON.stringify({ ...fakeRecord(), id: undefined }), "field id is missing"],
    ["a unit that is a number", JSON.stringify(own({ systemdUnit: 1 })), "field bunc.systemdUnit is 1"],
    [
      "groups that are numbers",
      JSON.stringify(own({ resctrlGroups: [1] })),
      "field bunc.resctrlGroups is [1]",
    ],
  ];
  test.each(cases)("%s", (_name, text, why) => {
    expect(() => parseRecord(text, file)).toThrow(`unable to read the state file ${file}: `);
    expect(() => parseRecord(text, file)).toThrow(why);
  });
});
