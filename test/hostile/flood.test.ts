/** Many containers, at once and one after another: nothing is lost, nothing grows. */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { cgroupsOf, mountsOf, processesOf } from "../harness/leaks.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";
import { tell } from "./results.ts";
import { rounds, timeoutOf } from "./rounds.ts";

const alive = rounds(32, 1000);
const inRow = rounds(60, 10_000);
const width = 16;

/** Calls the function for all items, a given number at a time. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

scenario(
  `${alive} containers alive at once`,
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe(["sleep"]);
    const ids = Array.from({ length: alive }, () => box.id());
    await inParallel(ids, async (id) => {
      await box.must(["create", "--bundle", bundle.directory, id]);
      await box.must(["start", id]);
    });
    const listed = async () => {
      const { stdout } = await box.must(["list", "--format", "json"]);
      return (JSON.parse(stdout) ?? []) as { id: string; status: string }[];
    };
    const all = await listed();
    expect(all.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(all.filter(({ status }) => status !== "running")).toEqual([]);
    await inParallel(ids, (id) => box.must(["exec", id, "/probe", "exit:0"]));
    await inParallel(ids, (id) => box.must(["kill", id, "KILL"]));
    await inParallel(ids, async (id) => {
      await box.waitFor(id, "stopped");
      await box.must(["delete", id]);
    });
    expect(await listed()).toEqual([]);
    expect([processesOf(box.name), mountsOf(box.name), cgroupsOf(box.name)]).toEqual([[], [], []]);
    expect(readdirSync(box.root)).toEqual([]);
    tell("alive", { containers: alive });
  },
  timeoutOf(alive),
);

/** The number of things on the host of each kind that a container uses. */
function held() {
  const read = (path: string) => readFileSync(path, "utf8");
  const cgroups = read("/proc/cgroups")
    .split("\n")
    .map((line) => Number(line.split("\t")[2] ?? 0));
  return {
    descriptors: Number(read("/proc/sys/fs/file-nr").split("\t")[0]),
    mounts: read("/proc/self/mountinfo").split("\n").length,
    cgroups: cgroups.reduce((sum, count) => sum + (count || 0), 0),
    keys: Number(/^ *0: +(\d+)/m.exec(read("/proc/key-users"))?.[1] ?? 0),
    unreclaimableKib: Number(/^SUnreclaim: +(\d+)/m.exec(read("/proc/meminfo"))?.[1] ?? 0),
  };
}

const mean = (times: readonly number[]) =>
  Math.round(times.reduce((sum, time) => sum + time, 0) / times.length);

scenario(
  `${inRow} containers in a row`,
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe(["exit:0"]);
    const times: number[] = [];
    const run = async () => {
      const begin = performance.now();
      await box.must(["run", "--bundle", bundle.directory, box.id()]);
      times.push(performance.now() - begin);
    };
    for (let warm = 0; warm < 10; warm++) await run();
    const before = held();
    for (let round = 0; round < inRow; round++) await run();
    // The kernel frees some memory later, so wait for it.
    await Bun.sleep(2000);
    const after = held();
    const grown = (kind: keyof typeof before) => after[kind] - before[kind];
    console.log(
      `first hundred ${mean(times.slice(0, 100))} ms, last hundred ${mean(times.slice(-100))} ms each;`,
      `grown: ${JSON.stringify(Object.fromEntries(Object.keys(before).map((kind) => [kind, grown(kind as "keys")])))}`,
    );
    expect(grown("mounts")).toBe(0);
    expect(readdirSync(box.root)).toEqual([]);
    // Other programs use the machine too; a leak would leave something for each run.
    for (const kind of ["descriptors", "cgroups", "keys"] as const)
      expect(grown(kind)).toBeLessThan(Math.max(1000, inRow / 2));
    // A leaked cgroup, mount or namespace takes several KiB.
    expect(grown("unreclaimableKib")).toBeLessThan(20_000 + inRow);
    tell("in a row", { containers: inRow });
  },
  timeoutOf(inRow),
);
