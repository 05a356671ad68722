/** Names of systemd's units and where their cgroups are, by runc's rules. Pure. systemd.slice(5). */

import { RuntimeError } from "../../failure/errors.ts";

/** Where systemd puts a container. */
export interface UnitName {
  /** "docker-1234.scope" */
  unit: string;
  /** "system.slice" */
  slice: string;
  /** The last part of linux.cgroupsPath, or the container's id. */
  name: string;
}

/** `linux.cgroupsPath` is "slice:prefix:name" under systemd; without it the scope is runc-ID.scope. */
export function unitName(cgroupsPath: string, id: string, rootless: boolean): UnitName {
  const defaultSlice = rootless ? "user.slice" : "system.slice";
  if (cgroupsPath === "") return { unit: `runc-${id}.scope`, slice: defaultSlice, name: id };
  const [slice, prefix, name, ...more] = cgroupsPath.split(":");
  if (slice === undefined || prefix === undefined || name === undefined || more.length > 0) {
    throw new RuntimeError(
      `expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "${cgroupsPath}" instead`,
      {
        subject: "linux.cgroupsPath",
        hint: 'for example "system.slice:bunc:web1", or remove --systemd-cgroup',
      },
    );
  }
  const unit = name.endsWith(".slice") ? name : `${prefix}-${name}.scope`;
  if (unit.includes("/") || name === "") {
    throw new RuntimeError(`invalid unit name "${unit}"`, {
      subject: "linux.cgroupsPath",
      path: cgroupsPath,
    });
  }
  return { unit, slice: slice === "" ? defaultSlice : slice, name };
}

/** A slice's name holds its place in the tree: "a-b.slice" → "/a.slice/a-b.slice"; "-.slice" is the root, "". */
export function expandSlice(slice: string): string {
  const invalid = () =>
    new RuntimeError(`invalid slice name: ${slice}`, {
      subject: "linux.cgroupsPath",
      hint: 'a name such as "machine.slice" or "user-1000.slice"',
    });
  if (!slice.endsWith(".slice") || slice.includes("/")) throw invalid();
  const name = slice.slice(0, -".slice".length);
  if (name === "-") return "";
  let path = "";
  let prefix = "";
  for (const part of name.split("-")) {
    if (part === "") throw invalid();
    path += `/${prefix}${part}.slice`;
    prefix += `${part}-`;
  }
  return path;
}
