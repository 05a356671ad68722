/** systemd on a rehearsed host: it makes and removes the cgroups of its units, in parallel with the command. */

import { FakeBus } from "../../src/cgroup/systemd/fake-bus.ts";
import { BUS_CALLS, BUS_DESCRIPTOR, busAnswers } from "../../src/cgroup/systemd/fake-connection.ts";
import type { Value, Variant } from "../../src/cgroup/systemd/wire.ts";
import { type Calls, callNumbers } from "../../src/native/boundary.gen.ts";
import type { NativeCall } from "../../src/native/linked.ts";
import { callCore, standInCore } from "../../src/native/stand-in.ts";

/** `core`, on a host with systemd. `uncounted`: the core for systemd's own calls. */
export function withSystemd(core: NativeCall, uncounted: NativeCall): NativeCall {
  const ask = <Name extends keyof Calls>(name: Name, request: Calls[Name][0]) => {
    if (!callCore(uncounted, name, request)) throw new Error(name);
  };
  const groups = (unit: Value | undefined) => [
    { mount: "/sys/fs/cgroup", path: `system.slice/${String(unit)}` },
  ];
  const methods = {
    StartTransientUnit: ([unit, , properties]: readonly Value[]) => {
      const values = new Map((properties as Value[]).map((each) => each as [string, Variant]));
      ask("make_directory", { path: `/sys/fs/cgroup/system.slice/${unit}`, mode: 0o755, parents: true });
      const pids = [...((values.get("PIDs")?.value ?? []) as number[])];
      ask("cgroup_join", { pids, groups: groups(unit), tolerate: [] });
      return { result: "done" };
    },
    StopUnit: ([unit]: readonly Value[]) => {
      ask("cgroup_kill", { groups: groups(unit), freezer: null, signal: 9, freeze_timeout_ms: 0 });
      ask("cgroup_remove", { groups: groups(unit), timeout_ms: 0 });
      return { result: "done" };
    },
  };
  const systemd = standInCore({ ...busAnswers(() => new FakeBus(methods)), close_fd: () => ({}) });
  return (id, request, length, out, capacity) => {
    const isOwn =
      BUS_CALLS.includes(id) ||
      (id === callNumbers.close_fd &&
        JSON.parse(new TextDecoder().decode(request.subarray(0, length))).fd === BUS_DESCRIPTOR);
    return (isOwn ? systemd : core)(id, request, length, out, capacity);
  };
}
