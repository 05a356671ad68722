/** The cgroup part of `explain`: what creating and limiting a container's cgroups does, in order. Pure. */

import type { CgroupPlan } from "./create.ts";
import { placement } from "./create.ts";
import { describePolicy } from "./devices.ts";
import { absolutePath } from "./paths.ts";
import type { CgroupSetting } from "./resources/setting.ts";

interface CgroupOperation {
  op: "mkdir" | "write" | "clone3" | "bpf" | "ignore";
  /** File or directory. */
  target: string;
  value: string;
  /** Config path that asked for it. */
  subject: string;
}

/** Before the container's first process: its directories and what must stand in them. */
export function explainCreation(plan: CgroupPlan): CgroupOperation[] {
  const operations: CgroupOperation[] = [];
  for (const group of plan.create.groups) {
    const directory = absolutePath(group);
    const parent = directory.slice(0, directory.lastIndexOf("/"));
    if (group.enable_controllers) {
      const target = `${parent}/cgroup.subtree_control`;
      operations.push({
        op: "write",
        target,
        value: "every controller it has",
        subject: "linux.cgroupsPath",
      });
    }
    operations.push({ op: "mkdir", target: directory, value: "0755", subject: "linux.cgroupsPath" });
    if (group.cpuset === null) continue;
    for (const name of ["cpus", "mems"] as const) {
      const value = group.cpuset[name] || "as the cgroup above";
      const subject = `linux.resources.cpu.${name}`;
      operations.push({ op: "write", target: `${directory}/cpuset.${name}`, value, subject });
    }
  }
  for (const { mount, path, writes } of plan.early) {
    for (const { file, value, subject } of writes) {
      operations.push({ op: "write", target: `${absolutePath({ mount, path })}/${file}`, value, subject });
    }
  }
  return operations;
}

/** How the first process gets in. `0` stands for the thread that writes. */
export function explainPlacement(plan: CgroupPlan): CgroupOperation[] {
  const { into, tasks } = placement(plan.locations);
  const subject = "linux.cgroupsPath";
  const operations: CgroupOperation[] =
    into === null ? [] : [{ op: "clone3", target: into, value: "CLONE_INTO_CGROUP", subject }];
  return [...operations, ...tasks.map((target) => ({ op: "write" as const, target, value: "0", subject }))];
}

/** The limits, and at the end what this kind of cgroup has no file for. */
export function explainLimits(plan: CgroupPlan): CgroupOperation[] {
  const writes = plan.settings.map((setting) => ({
    op: "write" as const,
    target: `${directoryOf(plan, setting)}/${setting.file}`,
    value: setting.value,
    subject: setting.subject,
  }));
  const left = plan.ignored.map(({ subject, reason }) => ({
    op: "ignore" as const,
    target: "",
    value: reason,
    subject,
  }));
  return [...writes, ...explainDevices(plan), ...left];
}

function explainDevices({ devices, locations }: CgroupPlan): CgroupOperation[] {
  const [location] = locations;
  if (devices === null || location === undefined) return [];
  return [
    {
      op: "bpf",
      target: absolutePath(location),
      value: describePolicy(devices),
      subject: "linux.resources.devices",
    },
  ];
}

function directoryOf({ locations }: CgroupPlan, { controller }: CgroupSetting): string {
  const location =
    locations.find((candidate) => candidate.controller === controller) ??
    locations.find((candidate) => candidate.controller === "");
  return location === undefined ? `(no ${controller} hierarchy)` : absolutePath(location);
}
