/** A step of a plan in a few words, for the log. `explain` has its system calls. */

import type { HookSet, Mount, Op } from "../native/boundary.gen.ts";

/** `mount proc on /proc`, `masked path /proc/kcore`, `pivot root`. */
export function describeStep(op: Op): string {
  const [[kind, argument] = ["", {}]] = Object.entries(op as Record<string, object>);
  if (kind === "mount") return describeMount(argument as Mount);
  if (kind === "hooks") return `${(argument as HookSet).kind} hooks`;
  const words = kind.replaceAll("_", " ");
  const { path, name, key } = argument as { path?: string; name?: string; key?: string };
  const target = path ?? name ?? key ?? "";
  return target === "" ? words : `${words} ${target}`;
}

function describeMount({ source, target }: Mount): string {
  if ("filesystem" in source) return `mount ${source.filesystem.type} on ${target}`;
  if ("bind" in source) return `bind ${source.bind.path} on ${target}`;
  return `remount ${target}`;
}
