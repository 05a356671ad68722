import { describe, expect, test } from "bun:test";
import { fakeRecord, v2Host, withCore } from "../state/fake-state.ts";
import { StateDirectory } from "../state/store.ts";
import { destroyContainer, killContainer } from "./destroy.ts";

const log = {} as never;
const cgroups = { "": "/sys/fs/cgroup/c" };
/** Without the looks at the host. */
const changes = (calls: string[]) => calls.filter((call) => !/^(host_facts|read_|resolve_)/.test(call));

const answers = {
  ...v2Host,
  signal_process: () => ({ sent: true }),
  cgroup_kill: () => ({ found: true, signalled: 1 }),
  cgroup_frozen: () => ({ frozen: [false] }),
  cgroup_remove: () => ({ remaining: [] }),
  await_end: () => ({ ended: true }),
  remove_file: () => ({ removed: true }),
  remove_directory: () => ({}),
};

describe("killing", () => {
  test("the init first, then everything in the cgroup, and then its end is waited for", () => {
    const calls = withCore(answers, () => killContainer(fakeRecord({ cgroup_paths: cgroups })));
    expect(changes(calls)).toEqual(["signal_process", "cgroup_kill", "cgroup_frozen", "await_end"]);
  });

  test("an init that does not end is an error that says where to look", () => {
    withCore({ ...answers, await_end: () => ({ ended: false }) }, () =>
      expect(() => killContainer(fakeRecord())).toThrow("container init still running"),
    );
  });

  test("without a process there is nothing to wait for", () => {
    const calls = withCore(answers, () => killContainer(fakeRecord({ init_process_pid: 0 })));
    expect(changes(calls)).not.toContain("await_end");
  });
});

describe("removing", () => {
  const directory = () => new StateDirectory({ path: "/r", explicit: true, sticky: false }, "c");
  const removed = ["cgroup_remove", "remove_file /r/c/config.json", "remove_directory /r/c"];

  test("the cgroups before the state: what fails in between is found again", () => {
    const record = fakeRecord({ cgroup_paths: cgroups });
    expect(changes(withCore(answers, () => destroyContainer(directory(), record, log)))).toEqual(removed);
  });

  test("in a pid namespace of others, and after a create that did not end, processes may be left: they are killed", () => {
    const shared = fakeRecord({
      cgroup_paths: cgroups,
      config: { ...fakeRecord().config, namespaces: [{ type: "pid", path: "/proc/1/ns/pid" }] },
    });
    const unfinished = fakeRecord({ cgroup_paths: cgroups }, { creating: true });
    for (const record of [shared, unfinished]) {
      const calls = changes(withCore(answers, () => destroyContainer(directory(), record, log)));
      expect(calls).toEqual(["cgroup_kill", ...removed]);
    }
  });
});
