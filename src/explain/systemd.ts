/** A systemd that does what it is told, for a recording: it notes that, and makes the cgroup of the unit in the recorded machine. */

import { FakeBus } from "../cgroup/systemd/fake-bus.ts";
import { BUS_CALLS, busAnswers } from "../cgroup/systemd/fake-connection.ts";
import { expandSlice } from "../cgroup/systemd/unit.ts";
import type { Value, Variant } from "../cgroup/systemd/wire.ts";
import type { HostFacts } from "../host/host.ts";
import type { NativeCall } from "../native/linked.ts";
import { callCore, standInCore } from "../native/stand-in.ts";
import type { Operation } from "./operation.ts";

/** One that knows every property: which version runs here is not asked. */
const VERSION = "1000";

interface Machine {
  note(operation: Omit<Operation, "phase" | "by">): void;
  /** As the core's, without being recorded. */
  call: NativeCall;
}

/** → the core of a call: that of its bus; undefined: another call. */
export function recordedSystemd(host: HostFacts, machine: Machine): (id: number) => NativeCall | undefined {
  const { euid, cgroup } = host;
  const property = (name: string) =>
    name === "Version" ? VERSION : `/user.slice/user-${euid}.slice/user@${euid}.service`;
  const note = (member: string, target: string, value: Value | undefined, subject: string) =>
    machine.note({ call: "dbus", target: `${member} ${target}`, detail: text(value), subject });
  /** Makes its cgroups, and moves the process into them. */
  const start = (unit: string, properties: readonly Value[]) => {
    const values = new Map(properties.map((each) => each as readonly [string, Variant]));
    const base = euid === 0 ? "" : property("ControlGroup");
    const path = `${base}${expandSlice(String(values.get("Slice")?.value ?? ""))}/${unit}`.slice(1);
    const mounts = cgroup.mode === "v2" ? [] : cgroup.hierarchies.map(({ mountPoint }) => mountPoint);
    const groups = [...mounts, cgroup.v2MountPoint]
      .filter((mount) => mount !== "")
      .map((mount) => ({ mount, path }));
    for (const { mount } of groups)
      callCore(machine.call, "make_directory", { path: `${mount}/${path}`, mode: 0o755, parents: true });
    const pids = (values.get("PIDs")?.value ?? []) as readonly number[];
    callCore(machine.call, "cgroup_join", { pids: [...pids], groups, tolerate: [] });
  };
  const bus = new FakeBus({
    Get: ([, name]) => ({ signature: "v", body: [{ signature: "s", value: property(String(name)) }] }),
    StartTransientUnit: ([unit, , properties]) => {
      note("StartTransientUnit", String(unit), properties, "linux.cgroupsPath");
      start(String(unit), (properties ?? []) as readonly Value[]);
      return { result: "done" };
    },
    SetUnitProperties: ([unit, , properties]) => {
      note("SetUnitProperties", String(unit), properties, "linux.resources.devices");
      return {};
    },
    AttachProcessesToUnit: ([unit, path, pids]) => {
      note("AttachProcessesToUnit", `${String(unit)} ${String(path)}`, pids, "linux.cgroupsPath");
      return {};
    },
  });
  const core = standInCore(busAnswers(() => bus));
  return (id) => (BUS_CALLS.includes(id) ? core : undefined);
}

/** "Slice=system.slice PIDs=[5]", of what D-Bus has as an array of pairs. */
function text(value: Value | undefined): string {
  if (value instanceof Uint8Array) return `0x${value.toHex()}`;
  if (!Array.isArray(value))
    return typeof value === "object" ? text((value as Variant).value) : String(value);
  const pairs = value.every(
    (each) => Array.isArray(each) && each.length === 2 && typeof each[0] === "string",
  );
  if (pairs && value.length > 0) return value.map(([name, part]) => `${name}=${text(part)}`).join(" ");
  return `[${value.map(text).join(" ")}]`;
}
