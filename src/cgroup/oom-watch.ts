/** Telling OOM kills of a container as they happen, for `events`. */

import { RuntimeError } from "../failure/errors.ts";
import type { CgroupWatch } from "../native/boundary.gen.ts";
import type { native } from "../native/call.ts";
import { type CgroupLocation, locationOf } from "./paths.ts";

interface OomNotice {
  /** The OOM killer has ended a process of the container, or (v1 without it) its processes wait for memory. */
  oom: boolean;
  /** The container's init or its cgroup is gone: nothing more will come. */
  ended: boolean;
}

/** Nothing is missed between two calls of `wait`: each compares with what the one before has seen. */
export class OomWatch {
  private readonly call: typeof native;
  private readonly pid: number;
  private readonly watch: CgroupWatch;
  private readonly isV1: boolean;
  /** OOM kills that were reported, or happened before this watch. */
  private told: number;

  /** `pid`: the container's init. Throws RuntimeError where the container has no memory cgroup. */
  constructor(call: typeof native, locations: readonly CgroupLocation[], pid: number) {
    const memory = locationOf(locations, "memory");
    if (memory === undefined) {
      throw new RuntimeError("memory controller missing", {
        hint: "memory events need a memory cgroup for the container",
      });
    }
    const { mount, path, controller } = memory;
    const file = controller === "memory" ? "memory.oom_control" : "memory.events";
    this.call = call;
    this.pid = pid;
    const [first] = call("cgroup_read", { groups: [{ mount, path, files: [file] }] }).files;
    const text = first?.text ?? "";
    this.watch = { mount, path, file, previous: text };
    this.isV1 = controller === "memory";
    this.told = countKills(text);
  }

  /** Returns at a notice, or when the time is up. */
  wait(timeoutMs: number): OomNotice {
    const { files, process_ended } = this.call("cgroup_watch", {
      watches: [this.watch],
      pid: this.pid,
      timeout_ms: Math.max(0, Math.floor(timeoutMs)),
    });
    const [file] = files;
    if (file === undefined || file.gone) return { oom: false, ended: true };
    const kills = countKills(file.text);
    // v1 gives notice when memory has run out, before anything is killed for it (or nothing, with
    // memory.disableOOMKiller). The kill that follows is the same event.
    const noticed = this.isV1 && file.notified;
    const oom = noticed || kills > this.told;
    this.told = Math.max(kills, noticed ? this.told + 1 : this.told);
    this.watch.previous = file.text;
    return { oom, ended: process_ended };
  }
}

function countKills(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
