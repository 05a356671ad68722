import { expect, spyOn, test } from "bun:test";
import { NativeError, RuntimeError } from "../failure/errors.ts";
import type { Failure } from "../native/boundary.gen.ts";
import { type Answers, documentsIn } from "../native/stand-in.ts";
import { fakeRecord, v2Host, withCore } from "../state/fake-state.ts";
import { run } from "./list.ts";

const context = {
  programName: "runc",
  root: "/r",
  rootless: false,
  driver: "cgroupfs",
  log: {} as never,
} as const;
const failure: Failure = {
  code: "system",
  stage: "parent",
  op: "open",
  errno: 13,
  subject: "",
  target: "",
  detail: "",
};

/** What `list` prints, and its calls of the core, where these are the state files. `unreadable`: paths. */
function list(files: ReadonlyMap<string, string>, unreadable: readonly string[] = []) {
  const names = [...new Set([...files.keys(), ...unreadable].map((path) => path.split("/")[2] as string))];
  const read = documentsIn(files) as NonNullable<Answers["read_documents"]>;
  const answers: Answers = {
    ...v2Host,
    read_host_file: () => ({ found: true, text: "root:x:0:0::/root:/bin/sh\n" }),
    list_directory: () => ({
      found: true,
      entries: names.toReversed().map((name) => ({ name, uid: 0, directory: true })),
    }),
    read_documents: (request) => {
      if (request.paths.some((path) => unreadable.includes(path))) {
        throw new NativeError(new RuntimeError("denied"), failure);
      }
      return read(request);
    },
    process_statuses: ({ processes }) => ({
      statuses: processes.map(() => ({ state: "S", start_time: "100", waiting: false })),
    }),
  };
  const [out, error] = [spyOn(console, "log"), spyOn(console, "error")];
  try {
    for (const spy of [out, error]) spy.mockImplementation(() => {});
    const calls = withCore(answers, () => run({ format: "json", quiet: false }, [], context));
    const listed = JSON.parse(String(out.mock.calls[0]?.[0])) as { id: string; status: string }[];
    return { listed, complaints: error.mock.calls.map(([text]) => text), calls };
  } finally {
    for (const spy of [out, error]) spy.mockRestore();
  }
}

const ids = Array.from({ length: 300 }, (_, index) => `c${String(index).padStart(3, "0")}`);
const stateFile = (id: string) => `/r/${id}/state.json`;
const records = () => new Map(ids.map((id) => [stateFile(id), JSON.stringify(fakeRecord({ id }))]));

test("many containers are looked at in a few calls of the core", () => {
  const { listed, complaints, calls } = list(records());
  expect(listed.map(({ id }) => id)).toEqual(ids);
  expect(listed.every(({ status }) => status === "running")).toBe(true);
  expect(complaints).toEqual([]);
  expect(calls.length).toBeLessThan(ids.length / 5);
});

test("whatever is wrong with some, the others are listed, and each of those is told about", () => {
  const files = records();
  files.set(stateFile("c007"), "[]");
  files.set(
    stateFile("c100"),
    JSON.stringify(fakeRecord({ id: "c100", cgroup_paths: { "": "/elsewhere" } })),
  );
  files.set(stateFile("c101"), JSON.stringify(fakeRecord({ id: "c101", init_process_pid: -1 })));
  files.delete(stateFile("c298"));
  const { listed, complaints } = list(files, [stateFile("c298")]);
  const bad = ["c007", "c100", "c101", "c298"];
  expect(listed.map(({ id }) => id)).toEqual(ids.filter((id) => !bad.includes(id)));
  expect(complaints).toEqual([
    "load container c007: unable to read the state file /r/c007/state.json: it is not a JSON object",
    "load container c100: cgroup path /elsewhere of the state file is not below a cgroup mount",
    "load container c101: unable to read the state file /r/c101/state.json: field init_process_pid is -1",
    "load container c298: denied",
  ]);
});
