/**
 * Device rules on cgroup v2, applied in the order in which they are listed, tested by what a process may open and create. On
 * a hybrid host in a mount namespace with only cgroup2. DEVICE_SEED repeats a run, DEVICE_RUNS makes it longer.
 */
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { addCapabilities } from "../harness/config.ts";
import { inPureV2 } from "../harness/pure-v2.ts";
import { Random } from "../harness/random.ts";
import { buncOnly, cgroupV2, type Requirement, root } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const RUNS = Number(Bun.env["DEVICE_RUNS"] ?? 8);
const SEED = Number(Bun.env["DEVICE_SEED"] ?? Date.now() % 1_000_000);

interface Rule {
  allow: boolean;
  type?: "a" | "b" | "c";
  major?: number;
  minor?: number;
  access: string;
}

interface Device {
  type: "b" | "c";
  major: number;
  minor: number;
}

/** No driver has these numbers: opening one gives ENXIO if the rules allow it, and EPERM if they do not. */
const devices: Device[] = (["b", "c"] as const).flatMap((type) =>
  [500, 501].flatMap((major) => [0, 1].map((minor) => ({ type, major, minor }))),
);
const pathOf = ({ type, major, minor }: Device) => `/dev/${type}${major}-${minor}`;

/** A mount namespace with only cgroup2; not needed on a host that has nothing else. */
const unified: Requirement = () =>
  cgroupV2() === null || existsSync("/sys/fs/cgroup/unified") ? null : "needs cgroup2";
const wrapper = cgroupV2() === null ? [] : inPureV2;

/** The operations that the process is refused: "read /dev/b500-0", "mknod /dev/b500-0", … */
async function refusals(box: Sandbox, rules: Rule[]): Promise<string[]> {
  const kinds = [
    ["read", (device: Device) => `read:${pathOf(device)}`],
    ["write", (device: Device) => `write:${pathOf(device)}=`],
    ["read and write", (device: Device) => `open:${pathOf(device)}`],
    [
      "mknod",
      ({ type, major, minor }: Device) => `mknod:/tmp/${type}${major}-${minor},${type},${major},${minor}`,
    ],
  ] as const;
  const asked = kinds.flatMap(([kind, action]) =>
    devices.map((device) => ({ action: action(device), name: `${kind} ${pathOf(device)}` })),
  );
  const bundle = box.probe(
    asked.map(({ action }) => action),
    (config) => {
      addCapabilities(config, "CAP_MKNOD");
      config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "tmpfs" });
      config.linux.devices = devices.map((device) => ({ ...device, path: pathOf(device), fileMode: 0o666 }));
      config.linux.resources = { devices: rules };
    },
  );
  const report = await box.reportOf(bundle, [], { wrapper });
  for (const { action } of asked)
    expect(["ok", "ENXIO", "ENODEV", "EPERM"]).toContain(report.errno(action) ?? "");
  return asked.filter(({ action }) => report.errno(action) === "EPERM").map(({ name }) => name);
}

/** The same according to the specification: the rules are applied in the order in which they are listed. */
function expected(rules: Rule[]): string[] {
  const refused = (device: Device, access: string) =>
    [...access].some((kind) => {
      // Every node may be created unless a rule denies it.
      let allowed = kind === "m";
      for (const { allow, type = "a", major = -1, minor = -1, access: kinds } of rules) {
        if (type === "a") allowed = allow || kind === "m";
        else if (
          type === device.type &&
          (major === -1 || major === device.major) &&
          (minor === -1 || minor === device.minor) &&
          kinds.includes(kind)
        ) {
          allowed = allow;
        }
      }
      return !allowed;
    });
  return (["r", "w", "rw", "m"] as const).flatMap((access) => {
    const name = { r: "read", w: "write", rw: "read and write", m: "mknod" }[access];
    return devices.filter((device) => refused(device, access)).map((device) => `${name} ${pathOf(device)}`);
  });
}

const none = { allow: false, access: "rwm" };
const all = { allow: true, access: "rwm" };
const disks = { type: "b", major: 500, access: "rwm" } as const;

const lists: [name: string, rules: Rule[]][] = [
  [
    "a class is denied, one of it allowed",
    [all, { ...disks, allow: false }, { ...disks, allow: true, minor: 1 }],
  ],
  [
    "a class is allowed, one of it denied",
    [none, { ...disks, allow: true }, { ...disks, allow: false, minor: 1 }],
  ],
  [
    "one is denied, its class allowed after it",
    [all, { ...disks, allow: false, minor: 1 }, { ...disks, allow: true }],
  ],
  [
    "writing is taken back from a class",
    [none, { ...disks, allow: true }, { ...disks, allow: false, access: "w" }],
  ],
  [
    "a type is denied, a minor of every major of it allowed for reading",
    [all, { allow: false, type: "c", access: "rwm" }, { allow: true, type: "c", minor: 1, access: "r" }],
  ],
  ["a rule for all voids what stands before it", [{ ...disks, allow: true }, none]],
];

for (const [name, rules] of lists) {
  scenario(`device rules in order: ${name}`, [root, buncOnly, unified], async (box) => {
    expect(await refusals(box, rules)).toEqual(expected(rules));
  });
}

for (let run = 0; run < RUNS; run++) {
  const seed = SEED + run;
  scenario(`device rules in random order, DEVICE_SEED=${seed}`, [root, buncOnly, unified], async (box) => {
    const random = new Random(seed);
    const rules = randomRules(random, random.below(12));
    expect([rules, await refusals(box, rules)]).toEqual([rules, expected(rules)]);
  });
}

scenario(
  "the kernel accepts hundreds of alternating device rules",
  [root, buncOnly, unified],
  async (box) => {
    const rules = randomRules(new Random(SEED), 600);
    expect([SEED, await refusals(box, rules)]).toEqual([SEED, expected(rules)]);
  },
);

function randomRules(random: Random, count: number): Rule[] {
  const number = () => random.pick([-1, 500, 501, 502 + random.below(3)]);
  const rest = Array.from(
    { length: random.below(count) },
    (): Rule => ({
      allow: random.chance(1, 2),
      type: random.pick(["b", "c"]),
      major: number(),
      minor: random.pick([-1, 0, 1, random.below(200)]),
      access: random.pick(["r", "w", "m", "rw", "rm", "wm", "rwm"]),
    }),
  );
  return [random.pick([all, none]), ...rest];
}
