import { expect, test } from "bun:test";
import { fakeTexts } from "../host/fake-texts.ts";
import { documentsIn } from "../native/stand-in.ts";
import { fakeRecord, v2Host, withCore } from "./fake-state.ts";
import { StateDirectory, stateRoot } from "./store.ts";

const root = { path: "/r", explicit: true, sticky: false };
const missing = {
  read_file: () => ({ found: false, text: "" }),
  read_documents: documentsIn(new Map()),
};

test("--root is taken as it is, whoever calls", () => {
  expect(stateRoot("/x")).toEqual({ path: "/x", explicit: true, sticky: false });
});

test.each([
  ["/x", 1000, { path: "/x/runc", explicit: false, sticky: true }],
  ["/x", 0, { path: "/run/runc", explicit: false, sticky: false }],
  ["", 1000, { path: "/run/runc", explicit: false, sticky: false }],
])("without --root: XDG_RUNTIME_DIR=%p, uid %i", (directory, euid, root) => {
  const before = process.env["XDG_RUNTIME_DIR"];
  process.env["XDG_RUNTIME_DIR"] = directory;
  const host_facts = () => ({ ...fakeTexts, euid });
  withCore({ ...v2Host, host_facts }, () => expect(stateRoot(undefined)).toEqual(root));
  if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = before;
});

test("an id that is taken is refused, and nothing of it is touched", () => {
  const calls = withCore({ make_directory: ({ path }) => ({ created: path === "/r" }) }, () =>
    expect(() => new StateDirectory(root, "c").create(root)).toThrow(
      "container with given ID already exists",
    ),
  );
  expect(calls).toEqual(["make_directory /r", "make_directory /r/c"]);
});

test("a new directory is locked; one that somebody has removed meanwhile is not touched again", () => {
  const make_directory = () => ({ created: true });
  const gone = withCore({ make_directory, lock_directory: () => ({ fd: null, busy: false }) }, () =>
    expect(() => new StateDirectory(root, "c").create(root)).toThrow("container does not exist"),
  );
  expect(gone).toEqual(["make_directory /r", "make_directory /r/c", "lock_directory /r/c"]);
});

test("what is not there does not exist, whatever is asked of it", () => {
  const directory = new StateDirectory(root, "c");
  withCore({ lock_directory: () => ({ fd: null, busy: false }), ...missing }, () => {
    for (const ask of [() => directory.lock(), () => directory.tryLock(), () => directory.loadConfig()]) {
      expect(ask).toThrow("container does not exist");
    }
    expect(directory.tryLoad()).toBeUndefined();
    expect(directory.lockIfThere()).toBe(false);
  });
});

test("the lock is taken once, and given back once", () => {
  const directory = new StateDirectory(root, "c");
  const calls = withCore({ lock_directory: () => ({ fd: 9, busy: false }), close_fd: () => ({}) }, () => {
    directory.lock();
    expect(directory.lockIfThere()).toBe(true);
    directory.release();
    directory.release();
  });
  expect(calls).toEqual(["lock_directory /r/c", "close_fd 9"]);
});

test("a lock that another process holds is not waited for", () => {
  const directory = new StateDirectory(root, "c");
  withCore({ lock_directory: () => ({ fd: null, busy: true }) }, () =>
    expect(directory.tryLock()).toBe(false),
  );
});

test("a record is read back from the file that it was written to", () => {
  const directory = new StateDirectory(root, "c");
  const files = new Map<string, string>();
  withCore(
    {
      write_file: ({ path, text, mode }) => {
        expect(mode).toBe(0o600);
        files.set(path, text);
        return {};
      },
      read_documents: documentsIn(files),
    },
    () => {
      directory.save(fakeRecord());
      expect(directory.tryLoad()).toEqual(fakeRecord());
    },
  );
  expect([...files.keys()]).toEqual(["/r/c/state.json"]);
});

test("the configuration goes before the rest", () => {
  const calls = withCore({ remove_file: () => ({ removed: true }), remove_directory: () => ({}) }, () =>
    new StateDirectory(root, "c").remove(),
  );
  expect(calls).toEqual(["remove_file /r/c/config.json", "remove_directory /r/c"]);
});
