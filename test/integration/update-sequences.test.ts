/**
 * Random sequences of updates: after each, the kernel's limits match a model, and bunc's record matches too.
 * UPDATE_SEED repeats a run, UPDATE_RUNS makes it longer.
 */
import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blockDevice, cgroupFile } from "../harness/cgroup-file.ts";
import {
  filesV1,
  filesV2,
  flagsOf,
  type LimitName,
  type Limits,
  randomUpdate,
  resourcesOf,
  updated,
} from "../harness/limits-model.ts";
import { inPureV2 } from "../harness/pure-v2.ts";
import { Random } from "../harness/random.ts";
import { buncOnly, cgroupV1, cgroupV2, type Requirement, root, systemd } from "../harness/requirements.ts";
import { type Runtime, runtime } from "../harness/runtime.ts";
import { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const RUNS = Number(Bun.env["UPDATE_RUNS"] ?? 2);
const SEED = Number(Bun.env["UPDATE_SEED"] ?? Date.now() % 1_000_000);
const UPDATES = 12;

const device = blockDevice();

interface Kind {
  name: string;
  needs: Requirement[];
  version: 1 | 2;
  runtime?: Runtime;
  /**
   * At the end systemd reloads, which must change nothing, except that systemd keeps no period without a quota: after a
   * daemon-reload by any test, the period is systemd's default.
   */
  reloads?: boolean;
}

const kinds: Kind[] = [
  { name: "v1", needs: [cgroupV1], version: 1 },
  { name: "v2", needs: [cgroupV2], version: 2 },
  {
    name: "v2 with systemd",
    needs: [cgroupV2, systemd],
    version: 2,
    runtime: { ...runtime, globalFlags: [...runtime.globalFlags, "--systemd-cgroup"] },
    reloads: true,
  },
];

for (const { name, needs, version, runtime: itsRuntime, reloads = false } of kinds) {
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run;
    scenario(
      `update in random order: ${name}, UPDATE_SEED=${seed}`,
      [root, buncOnly, ...needs],
      async (outer) => {
        const box = itsRuntime === undefined ? outer : new Sandbox(itsRuntime);
        try {
          await updateAtRandom(box, new Random(seed), version, reloads);
        } finally {
          if (box !== outer) expect(await box.dispose()).toEqual([]);
        }
      },
    );
  }
}

async function updateAtRandom(box: Sandbox, random: Random, version: 1 | 2, reloads: boolean): Promise<void> {
  const filesOf = version === 1 ? filesV1 : filesV2;
  let limits: Limits = { shares: 1024, quota: 50000, period: 200000, pids: 20 };
  const id = await box.create(withResources(box, resourcesOf(limits, device)));
  const files = Object.keys(filesOf({ ...limits, cpus: "" }, device)).filter((file) => isThere(id, file));
  const names = (Object.keys(LIMIT_FILES) as LimitName[]).filter((limit) =>
    files.some((file) => LIMIT_FILES[limit].test(file)),
  );
  const history: string[] = [];
  const comparable = (text: string) => (reloads ? text.replace(/^max \d+$/, "max") : text);
  const found = () => Object.fromEntries(files.map((file) => [file, comparable(cgroupFile(id, file))]));
  const expected = () => {
    const all = filesOf(limits, device);
    // Some have no expected value: on v1 a cpuset that was never set is its parent's.
    return Object.fromEntries(files.map((file) => [file, comparable(all[file] ?? cgroupFile(id, file))]));
  };
  for (let count = 0; count < UPDATES; count++) {
    const update = randomUpdate(random, names);
    const { flags, stdin } = form(random, box, update);
    const next = updated(limits, update, version);
    const { status, stderr } = await box.call(["update", ...flags, id], stdin === undefined ? {} : { stdin });
    history.push(`${flags.join(" ")} ${stdin ?? ""} → ${status}`);
    expect([history, stderr, status]).toEqual([history, stderr, next === null ? 1 : 0]);
    limits = next ?? limits;
    expect([history, found()]).toEqual([history, expected()]);
  }
  if (reloads) Bun.spawnSync(["systemctl", "daemon-reload"]);
  expect([history, found()]).toEqual([history, expected()]);
  // A new container made from the record gets the same limits.
  const { linux } = JSON.parse(readFileSync(join(box.root, id, "config.json"), "utf8"));
  const again = await box.create(withResources(box, linux.resources));
  for (const file of files.filter((file) => file !== "cpuset.cpus" || limits.cpus !== undefined)) {
    const [first, second] = [id, again].map((one) => comparable(cgroupFile(one, file)));
    expect([history, file, second]).toEqual([history, file, first]);
  }
}

/** File → its limit, which is left out of the sequence if the kernel has no such file. */
const LIMIT_FILES: { [Name in LimitName]: RegExp } = {
  memory: /^memory\.(max|limit_in_bytes)$/,
  swap: /^memory\.(swap\.max|memsw)/,
  reservation: /^memory\.(low|soft)/,
  quota: /^cpu\.(max|cfs_quota_us)$/,
  period: /^cpu\.(max|cfs_period_us)$/,
  burst: /burst/,
  shares: /^cpu\.(shares|weight)$/,
  idle: /^cpu\.idle$/,
  pids: /^pids\.max$/,
  cpus: /^cpuset\.cpus$/,
  rate: /^(io\.max|blkio\.throttle)/,
};

function isThere(id: string, file: string): boolean {
  try {
    cgroupFile(id, file);
    return true;
  } catch {
    return false;
  }
}

const withResources = (box: Sandbox, resources: object) =>
  box.probe(["sleep"], (config) => {
    config.linux.resources = { devices: [{ allow: false, access: "rwm" }], ...resources };
  });

/** The same update by flags, by a file or on standard input. */
function form(random: Random, box: Sandbox, update: Limits): { flags: string[]; stdin?: string } {
  if (update.rate === undefined && random.chance(1, 2)) return { flags: flagsOf(update) };
  const json = JSON.stringify(resourcesOf(update, device));
  if (random.chance(1, 2)) return { flags: ["--resources", "-"], stdin: json };
  const file = box.path("resources.json");
  writeFileSync(file, json);
  return { flags: ["--resources", file] };
}

/** A hybrid host whose cgroup2 has one controller: seen as a pure v2 host, it has only that one. */
const hugetlbAlone: Requirement = () => {
  const file = "/sys/fs/cgroup/unified/cgroup.controllers";
  const controllers = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  return controllers === "hugetlb"
    ? null
    : "needs a hybrid host whose cgroup2 has the hugetlb controller alone";
};

scenario("update where most controllers are missing (v2)", [root, buncOnly, hugetlbAlone], async (box) => {
  const options = { wrapper: inPureV2 };
  const pages = (pageSize: string, limit: number) => ({ hugepageLimits: [{ pageSize, limit }] });
  const id = await box.create(withResources(box, pages("2MB", 4 << 20)), [], options);
  const update = (resources: object) =>
    box.call(["update", "--resources", "-", id], { ...options, stdin: JSON.stringify(resources) });
  const found = () => ["2MB", "1GB"].map((size) => cgroupFile(id, `hugetlb.${size}.max`));
  const remembered = () => {
    const { linux } = JSON.parse(readFileSync(join(box.root, id, "config.json"), "utf8"));
    return linux.resources.hugepageLimits;
  };
  try {
    expect((await update(pages("1GB", 1 << 30))).status).toBe(0);
    expect(found()).toEqual([String(4 << 20), String(1 << 30)]);
    // One half is refused, so the other is restored.
    const refused = await update({ ...pages("2MB", 8 << 20), rdma: { mlx5_0: { hcaHandles: 1 } } });
    expect([refused.status, refused.stderr.includes("rdma.max")]).toEqual([1, true]);
    expect((await update({ memory: { limit: 1 << 26 } })).status).toBe(1);
    expect((await update({ memory: { limit: 0 }, cpu: { shares: 0 } })).status).toBe(0);
    expect(found()).toEqual([String(4 << 20), String(1 << 30)]);
    expect(remembered()).toEqual([
      { pageSize: "2MB", limit: 4 << 20 },
      { pageSize: "1GB", limit: 1 << 30 },
    ]);
  } finally {
    await box.call(["delete", "--force", id], options);
  }
});
