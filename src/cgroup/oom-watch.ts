/** Telling OOM kills of a container as they happen, for `events`. */

import { RuntimeError } from "../failure/errors.ts";
import { native } from "../native/call.ts";
import { fileTexts } from "./files.ts";
import { countOf, isV1 } from "./oom.ts";
import { loggedKill } from "./oom-report.ts";
import { type CgroupLocations, locationOf } from "./paths.ts";

interface OomNotice {
  /** The OOM killer has ended a process of the container, or (v1 without it) its processes wait for memory. */
  oom: boolean;
  /** The container's init or its cgroup is gone: nothing more will come. */
  ended: boolean;
}

/**
 * Waits for a notice, for so many milliseconds at most. Nothing is missed between two calls: each compares with what the
 * one before has seen.
 */
type AwaitOom = (timeoutMs: number) => OomNotice;

/** `pid`: the container's init. Throws RuntimeError where the container has no memory cgroup. */
export function watchOom(locations: CgroupLocations, pid: number): AwaitOom {
  const memory = locationOf(locations, "memory");
  if (memory === undefined) {
    throw new RuntimeError("memory controller missing", {
      hint: "memory events need a memory cgroup for the container",
    });
  }
  const { mount, path } = memory;
  const file = isV1(memory) ? "memory.oom_control" : "memory.events";
  let [previous = ""] = fileTexts(memory, [file]);
  /** OOM kills that were reported, or happened before this watch. */
  let told = countOf(previous, "oom_kill");
  // systemd removes a scope's cgroup when init, its last process, has been killed: the kernel's log has that kill still.
  // v1 has given notice of it before.
  const isInitKilled = () => !isV1(memory) && loggedKill(memory, pid).kills > 0;
  let initTold = false;

  return (timeoutMs) => {
    const watches = [{ mount, path, file, previous }];
    const timeout_ms = Math.max(0, Math.floor(timeoutMs));
    const { files, process_ended } = native("cgroup_watch", { watches, pid, timeout_ms });
    const [now] = files;
    if (now === undefined || now.gone) return { oom: !initTold && isInitKilled(), ended: true };
    previous = now.text;
    const kills = countOf(previous, "oom_kill");
    // v1 gives notice when memory has run out, before anything is killed for it (or nothing, with
    // memory.disableOOMKiller). The kill that follows is the same event.
    const noticed = isV1(memory) && now.notified;
    const oom = noticed || kills > told;
    told = Math.max(kills, noticed ? told + 1 : told);
    if (oom) initTold = isInitKilled();
    return { oom, ended: process_ended };
  };
}
