/** A systemd that does what it is told, for a recording: it notes that, and makes the cgroup of the unit in the recorded machine. */

import { FakeBus } from "../cgroup/systemd/fake-bus.ts";
import { BUS_CALLS, busAnswers } from "../cgroup/systemd/fake-connection.ts";
import { expandSlice } from "../cgroup/systemd/unit.ts";
import type { Value, Variant } from "../cgroup/systemd/wire.ts";
import type { HostFacts } from "../host/host.ts";
import { type Calls, callNumbers } from "../native/boundary.gen.ts";
import type { NativeCall } from "../native/linked.ts";
import { standInCore } from "../native/stand-in.ts";
import type { Operation } from "./operation.ts";

/** One that knows every property: which version runs here is not asked. */
const VERSION = "1000";

interface Machine {
  note(operation: Omit<Operation, "phase" | "by">): void;
  /** As the core's, without being recorded. */
  call: NativeCall;
}

export class RecordedSystemd {
  readonly #host: HostFacts;
  readonly #machine: Machine;
  readonly #core: NativeCall;

  constructor(host: HostFacts, machine: Machine) {
    this.#host = host;
    this.#machine = machine;
    const bus = new FakeBus({
      Get: ([, name]) => ({
        signature: "v",
        body: [{ signature: "s", value: this.#property(String(name)) }],
      }),
      StartTransientUnit: (body) => {
        this.#note("StartTransientUnit", String(body[0]), body[2], "linux.cgroupsPath");
        this.#start(String(body[0]), (body[2] ?? []) as readonly Value[]);
        return { result: "done" };
      },
      SetUnitProperties: (body) => {
        this.#note("SetUnitProperties", String(body[0]), body[2], "linux.resources.devices");
        return {};
      },
      AttachProcessesToUnit: (body) => {
        this.#note(
          "AttachProcessesToUnit",
          `${String(body[0])} ${String(body[1])}`,
          body[2],
          "linux.cgroupsPath",
        );
        return {};
      },
    });
    this.#core = standInCore(busAnswers(() => bus));
  }

  /** That of its bus; undefined: another call. */
  coreOf(id: number): NativeCall | undefined {
    return BUS_CALLS.includes(id) ? this.#core : undefined;
  }

  #property(name: string): string {
    const { euid } = this.#host;
    return name === "Version" ? VERSION : `/user.slice/user-${euid}.slice/user@${euid}.service`;
  }

  #note(member: string, target: string, value: Value | undefined, subject: string): void {
    this.#machine.note({ call: "dbus", target: `${member} ${target}`, detail: text(value), subject });
  }

  /** Makes its cgroups, and moves the process into them. */
  #start(unit: string, properties: readonly Value[]): void {
    const values = new Map(properties.map((each) => each as readonly [string, Variant]));
    const { v2MountPoint, hierarchies, mode } = this.#host.cgroup;
    const base = this.#host.euid === 0 ? "" : this.#property("ControlGroup");
    const path = `${base}${expandSlice(String(values.get("Slice")?.value ?? ""))}/${unit}`.slice(1);
    const mounts = mode === "v2" ? [] : hierarchies.map(({ mountPoint }) => mountPoint);
    const groups = [...mounts, v2MountPoint]
      .filter((mount) => mount !== "")
      .map((mount) => ({ mount, path }));
    for (const group of groups)
      this.#call("make_directory", { path: `${group.mount}/${path}`, mode: 0o755, parents: true });
    const pids = (values.get("PIDs")?.value ?? []) as readonly number[];
    this.#call("cgroup_join", { pids: [...pids], groups, tolerate: [] });
  }

  #call<Name extends keyof Calls>(name: Name, request: Calls[Name][0]): void {
    const bytes = new TextEncoder().encode(JSON.stringify(request));
    const out = new Uint8Array(4096);
    this.#machine.call(callNumbers[name], bytes, bytes.length, out, out.length);
  }
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
