/**
 * `events --stats` of two containers with the same bundle, one under this runtime and one under Debian's runc: what
 * monitoring agents read (cpu.usage.total, memory.usage.usage, pids.current and so on, the names of cAdvisor) is in
 * the same place with the same type.
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { root, runcInstalled } from "../harness/requirements.ts";
import { findRuntime, type Runtime, runtime } from "../harness/runtime.ts";
import { Sandbox } from "../harness/sandbox.ts";
import { skipMarker } from "../harness/scenario-name.ts";

/** Path of a member → its JSON type; `[]` stands for the elements of a list, `*` for names from the kernel. */
type Shape = Map<string, string>;

/** Drops zero and empty members: runc 1.5 omits more of them than older versions do. */
function shapeOf(value: unknown, path = "", shape: Shape = new Map()): Shape {
  if (Array.isArray(value)) for (const element of value) shapeOf(element, `${path}[]`, shape);
  else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      const shown = path === "memory.raw" || path === "hugetlb" ? "*" : name;
      shapeOf(member, path === "" ? shown : `${path}.${shown}`, shape);
    }
  } else if (value !== 0 && value !== null) shape.set(path, typeof value);
  return shape;
}

/** May be zero in one of the two containers by chance; only newer versions of runc report pressure. */
const maybeZero =
  /^(cpu\.throttling|cpu\.usage\.(kernel|user|percpu)|memory\.(cache|kernel)|blkio|hugetlb)|\.(failcnt|max)$|\.psi\./;

const hasLimits =
  !existsSync("/sys/fs/cgroup/cgroup.controllers") ||
  ["memory", "pids"].every((name) =>
    readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").split(/\s/).includes(name),
  );

async function statsUnder(which: Runtime): Promise<Shape> {
  const box = new Sandbox(which);
  try {
    const bundle = box.probe(["sleep"], (config) => {
      if (hasLimits) config.linux.resources = { memory: { limit: 64 << 20 }, pids: { limit: 17 } };
    });
    const { stdout } = await box.must(["events", "--stats", await box.started(bundle)]);
    return shapeOf((JSON.parse(stdout) as { data: unknown }).data);
  } finally {
    expect(await box.dispose()).toEqual([]);
  }
}

const other = findRuntime("runc");
const reason = [root, runcInstalled].map((need) => need()).find((answer) => answer !== null);
const name = "events --stats: members and types of runc's";

if (reason !== undefined || other === undefined) test.skip(`${name}${skipMarker}${reason}]`, () => {});
else {
  test(name, async () => {
    const ours = await statsUnder(runtime);
    const theirs = await statsUnder(other);
    const always = (shape: Shape) =>
      Object.fromEntries([...shape].filter(([path]) => !maybeZero.test(path)).sort());
    expect(always(ours)).toEqual(always(theirs));
    expect(always(ours)).toMatchObject({ "cpu.usage.total": "number", "pids.current": "number" });
    if (hasLimits)
      expect(always(ours)).toMatchObject({
        "memory.usage.usage": "number",
        "memory.usage.limit": "number",
        "memory.raw.*": "number",
        "pids.limit": "number",
      });
    const both = [...ours.keys()].filter((path) => theirs.has(path));
    expect(both.map((path) => [path, ours.get(path)])).toEqual(both.map((path) => [path, theirs.get(path)]));
  }, 60_000);
}
