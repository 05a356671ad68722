/** The cgroup part of `explain`, under either driver, without asking systemd anything. Pure. */

import { placement, planCgroups, scopePlacement } from "../cgroup/create.ts";
import { explainCreation, explainLimits, explainPlacement } from "../cgroup/explain.ts";
import type { DriverOptions } from "../cgroup/manager.ts";
import type { CgroupLocation } from "../cgroup/paths.ts";
import { annotatedProperties } from "../cgroup/systemd/annotations.ts";
import {
  deviceProperties,
  type Property,
  unitProperties,
  v1Properties,
  v2Properties,
} from "../cgroup/systemd/properties.ts";
import { expandSlice, unitName } from "../cgroup/systemd/unit.ts";
import type { Placement } from "../native/boundary.gen.ts";

export interface CgroupStep {
  /** A system call, "dbus", or "ignore" for what the configuration asks for and does not get. */
  op: string;
  target: string;
  value: string;
  subject: string;
}

export interface CgroupOutline {
  locations: readonly CgroupLocation[];
  /** For the plan of the process. */
  placement: Placement;
  /** Before there is a process. */
  before: readonly CgroupStep[];
  /** What bunc-init does first of all: it enters its v1 cgroups. */
  entered: readonly CgroupStep[];
  /** When it is there and waits: systemd makes a scope from a process. */
  placed: readonly CgroupStep[];
  /** While it works on its mounts: the device rules of v2 (cgroupfs; systemd is told of them with the limits). */
  devices: readonly CgroupStep[];
  /** When its file systems stand. */
  limits: readonly CgroupStep[];
}

const NONE: CgroupOutline = {
  locations: [],
  placement: placement([]),
  before: [],
  entered: [],
  placed: [],
  devices: [],
  limits: [],
};

/** A systemd that knows every property: which version runs here is not asked. */
const NEWEST_SYSTEMD = 1000;

/** Throws RuntimeError for a configuration that cannot be. */
export function outlineCgroups(options: DriverOptions): CgroupOutline {
  switch (options.driver) {
    case "disabled":
      return NONE;
    case "systemd":
      return outlineSystemd(options);
    case "cgroupfs": {
      const plan = planCgroups(options);
      return {
        locations: plan.locations,
        placement: placement(plan.locations),
        before: explainCreation(plan),
        entered: explainPlacement(plan).filter(({ op }) => op !== "clone3"),
        placed: [],
        ...byTime(explainLimits(plan), plan.devicesEarly),
      };
    }
  }
}

function outlineSystemd(options: DriverOptions): CgroupOutline {
  const { facts, resources = {}, cgroupsPath = "", id, rootless } = options;
  const unit = unitName(cgroupsPath, id, rootless);
  const isV2 = facts.mode === "v2";
  const converted = isV2 ? v2Properties(resources, NEWEST_SYSTEMD) : v1Properties(resources, NEWEST_SYSTEMD);
  const path = `${expandSlice(unit.slice)}/${unit.unit}`;
  const plan = planCgroups({ ...options, resources: converted.resources, cgroupsPath: path });
  const subject = "linux.cgroupsPath";
  const properties = [
    ...unitProperties(unit, [], !isV2),
    ...converted.properties,
    ...annotatedProperties(options.annotations),
  ];
  const start = {
    op: "dbus",
    target: `StartTransientUnit ${unit.unit}`,
    value: propertyList(properties),
    subject,
  };
  const devices =
    plan.devices === null || rootless
      ? []
      : [
          {
            op: "dbus",
            target: `SetUnitProperties ${unit.unit}`,
            value: propertyList(deviceProperties(plan.devices, isV2 ? "v2" : "v1")),
            subject: "linux.resources.devices",
          },
        ];
  const entered = isV2 ? [] : explainPlacement(plan).filter(({ op }) => op !== "clone3");
  return {
    locations: plan.locations,
    placement: scopePlacement(facts, plan.locations),
    before: [],
    entered,
    placed: [start, ...explainCreation(plan)],
    devices: [],
    limits: [...devices, ...explainLimits(plan)],
  };
}

/** v1 has files for the device rules, which are written with the other limits. */
function byTime(
  steps: readonly CgroupStep[],
  devicesEarly: boolean,
): Pick<CgroupOutline, "devices" | "limits"> {
  const isEarly = ({ op }: CgroupStep) => devicesEarly && op === "bpf";
  return { devices: steps.filter(isEarly), limits: steps.filter((each) => !isEarly(each)) };
}

function propertyList(properties: readonly Property[]): string {
  return properties.map(({ name, value }) => `${name}=${valueText(value)}`).join(" ");
}

function valueText(value: unknown): string {
  if (value instanceof Uint8Array) return `0x${value.toHex()}`;
  return Array.isArray(value) ? `[${value.map(valueText).join(" ")}]` : String(value);
}
