/** The container's root: propagation, mounts, devices, and the change into it. */

import { MOUNT_ATTR, MS, type Propagation } from "../native/boundary.gen.ts";
import { NO_ATTRIBUTES } from "../oci/resolved/mount-attributes.ts";
import type { CreateOptions, PlanContext } from "./context.ts";
import { planDevices } from "./devices.ts";
import { planHookSet } from "./hooks.ts";
import { planMounts } from "./mounts.ts";

/**
 * Mounts of the host still propagate to the container's copies, but none of the container's propagate back.
 */
const DEFAULT_PROPAGATION = { flag: MS.SLAVE, recursive: true };

/** From the host's mounts to a process that stands in its own root, with its terminal. */
export function planRootfs(context: PlanContext, options: CreateOptions): void {
  const { config } = context;
  const hasMounts = context.has("mount");
  const propagation = config.linux.rootfsPropagation;
  const { path } = config.root;

  if (hasMounts) {
    // "unbindable" is for the container's root alone: nothing could be bound into it from an unbindable tree.
    const inherited =
      propagation?.flag === MS.UNBINDABLE ? DEFAULT_PROPAGATION : (propagation ?? DEFAULT_PROPAGATION);
    context.add("linux.rootfsPropagation", {
      root_propagation: { flags: inherited.flag, recursive: inherited.recursive },
    });
  }
  context.add("root.path", { bind_root: { path, bind: hasMounts } });

  const mounts = hasMounts ? planMounts(context, options) : { late: [], bindsDev: false };
  // Without a mount namespace, a container in "/" uses the host's own /dev.
  const hasHostDev = mounts.bindsDev || (!hasMounts && path === "/");
  if (!hasHostDev) planDevices(context);

  if ((config.hooks.prestart ?? []).length + (config.hooks.createRuntime ?? []).length > 0) {
    context.add("hooks", { parent_hooks: {} });
  }
  const hooks = planHookSet(config, "createContainer", { ...options, status: "creating" });
  if (hooks !== undefined) context.add("hooks.createContainer", { hooks });

  if (!hasMounts) context.add("root.path", { change_root: {} });
  else if (options.noPivot) context.add("root.path", { move_root: {} });
  else context.add("root.path", { pivot_root: {} });

  if (propagation?.flag === MS.SHARED) planFinalPropagation(context, propagation);

  const { process } = config;
  if (process !== undefined) {
    // Made before the root becomes read-only; entered with the credentials, later.
    context.add("process.cwd", { working_directory: { path: process.cwd, create: true } });
    if (process.terminal)
      context.add("process.terminal", {
        console: { bind: hasMounts, newline_to_crlf: !options.foreground },
      });
  }

  if (!hasMounts) return;
  const readonly = { ...NO_ATTRIBUTES, set: MOUNT_ATTR.RDONLY };
  for (const { subject, target } of mounts.late) {
    context.add(subject, { remount: { path: target, attributes: readonly } });
  }
  if (config.root.readonly) context.add("root.readonly", { remount: { path: "/", attributes: readonly } });
}

/** The root has been private since it was bound: only other propagations are left to set. */
function planFinalPropagation(context: PlanContext, { flag, recursive }: Propagation): void {
  if (!context.has("mount")) return;
  context.add("linux.rootfsPropagation", { final_propagation: { flags: flag, recursive } });
}

/** Paths are made read-only before others are masked: a masked path may be inside a read-only one. */
export function planRestrictedPaths(context: PlanContext): void {
  const { readonlyPaths, maskedPaths, rootfsPropagation } = context.config.linux;
  for (const { subject, path } of readonlyPaths) context.add(subject, { readonly_path: { path } });
  for (const { subject, path } of maskedPaths) context.add(subject, { masked_path: { path } });
  // The paths above are binds of themselves, which an unbindable tree would refuse.
  if (rootfsPropagation?.flag === MS.UNBINDABLE) planFinalPropagation(context, rootfsPropagation);
}
