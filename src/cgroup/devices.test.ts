import { describe, expect, test } from "bun:test";
import { Random } from "../../test/harness/random.ts";
import type { ResourcesConfig } from "../oci/resources.ts";
import { decidingRules } from "./device-order.ts";
import { accessText, type DevicePolicy, type DevicePolicyRule, devicesText } from "./device-rule.ts";
import { deniesNodes, devicePolicy, deviceRules, deviceSettings, mountsDevices } from "./devices.ts";

type Rules = NonNullable<ResourcesConfig["devices"]>;

const DEFAULTS = [
  "b *:* m",
  "c *:* m",
  "c 1:3 rwm",
  "c 1:5 rwm",
  "c 1:7 rwm",
  "c 1:8 rwm",
  "c 1:9 rwm",
  "c 5:0 rwm",
  "c 5:2 rwm",
  "c 10:200 rwm",
  "c 136:* rwm",
];

/** "a rwm" allows, "-c 1:3 w" denies. */
function rules(...lines: string[]): Rules {
  return lines.map((line) => {
    const allow = !line.startsWith("-");
    const match = /^-?([abc])(?: (\*|\d+):(\*|\d+))? ([rwm]+)$/.exec(line);
    if (match === null) throw new Error(line);
    const [, type, major = "*", minor = "*", access] = match as unknown as [
      string,
      "a" | "b" | "c",
      string,
      string,
      string,
    ];
    const number = (text: string) => (text === "*" ? -1 : Number(text));
    return { allow, type, major: number(major), minor: number(minor), access };
  });
}

const text = ({ rules }: DevicePolicy) =>
  rules.map((rule) => `${devicesText(rule)} ${accessText(rule.access)}`);

describe.each(["v1", "v2"] as const)("devicePolicy of %s", (version) => {
  const cases: [string, Rules | undefined, boolean, string[]][] = [
    ["no rules: the default devices and nothing else", undefined, false, DEFAULTS],
    ["the default spec's deny-all changes nothing", rules("-a rwm"), false, DEFAULTS],
    ["privileged", rules("a rwm"), true, []],
    ["a type that is not given is every device", [{ allow: true, access: "rwm" }], true, []],
    ["numbers of a rule for all do not count", rules("a 1:1 r"), true, []],
    [
      "an allowed disk",
      rules("-a rwm", "b 8:0 r"),
      false,
      [...DEFAULTS.slice(0, 7), "c 5:0 rwm", "c 5:2 rwm", "b 8:0 r", "c 10:200 rwm", "c 136:* rwm"],
    ],
    [
      "access adds up",
      rules("b 8:0 r", "b 8:0 w"),
      false,
      [...DEFAULTS.slice(0, 9), "b 8:0 rw", ...DEFAULTS.slice(9)],
    ],
    ["what was allowed can be taken back", rules("b 8:0 rw", "-b 8:0 rw"), false, DEFAULTS],
    [
      "in part",
      rules("b 8:0 rw", "-b 8:0 w"),
      false,
      [...DEFAULTS.slice(0, 9), "b 8:0 r", ...DEFAULTS.slice(9)],
    ],
    ["taking back what was not allowed is nothing", rules("-b 8:0 w"), false, DEFAULTS],
    ["all but one", rules("a rwm", "-b 8:0 rwm"), true, ["b 8:0 rwm"]],
    [
      "what stands before a rule for all is void",
      rules("-b 8:1 rwm", "a rwm", "-b 8:2 rwm"),
      true,
      ["b 8:2 rwm"],
    ],
    ["default devices cannot be denied", rules("a rwm", "-c 1:3 rwm"), true, []],
  ];
  test.each(cases)("%s", (_name, devices, allow, exceptions) => {
    const policy = devicePolicy(version, devices);
    expect(policy.allow).toBe(allow);
    expect(text(policy)).toEqual(exceptions);
    expect(policy.rules.every((rule) => rule.allow !== allow)).toBe(true);
  });

  test("a default device at a path of linux.devices is left to the rules", () => {
    const policy = devicePolicy(version, undefined, ["/dev/null", "/dev/sda"]);
    expect(text(policy)).toEqual(DEFAULTS.filter((line) => line !== "c 1:3 rwm"));
  });

  test("no hole where the kinds of access differ", () => {
    expect(text(devicePolicy(version, rules("b 8:* r", "b 8:0 w", "-b 8:0 w")))).toContain("b 8:* r");
  });

  test("each rule names the one that it comes from", () => {
    const policy = devicePolicy(version, rules("-a rwm", "b 8:0 r"));
    expect(policy.rules.find(({ type }) => type === "b")?.subject).toBe("default devices");
    expect(policy.rules.find(({ major }) => major === 8)?.subject).toBe("linux.resources.devices[1]");
  });
});

describe("v1 cannot follow every order", () => {
  test.each([
    ["b 8:* rw", "-b 8:0 w"],
    ["b *:* rw", "-b 8:0 w"],
    ["b *:0 rw", "-b 8:0 w"],
    ["b *:* rw", "-b 8:* w"],
  ])("a hole in a wildcard is refused: %s, then %s", (wide, narrow) => {
    expect(() => devicePolicy("v1", rules(wide, narrow))).toThrow(
      "cannot punch hole in existing wildcard rule",
    );
  });

  test("a denied wildcard over a default device is refused, and the error names the rule", () => {
    expect(() => devicePolicy("v1", rules("a rwm", "-c 1:* rwm"))).toThrow(
      "unable to remove 'deny' exception: requested rule [c 1:3 rwm] not supported by devices cgroupv1 (cannot punch hole in existing wildcard rule [c 1:* rwm])",
    );
  });
});

describe("v2 follows the order", () => {
  /** "deny every device but c 1:3 rwm"; where the order counts, "…, then allow c 1:3 rwm, deny …". */
  function describePolicy({ allow, rules }: DevicePolicy): string {
    const verb = (allows: boolean) => (allows ? "allow" : "deny");
    const each = (rule: DevicePolicyRule) => `${devicesText(rule)} ${accessText(rule.access)}`;
    if (rules.some((rule) => rule.allow === allow)) {
      const inOrder = rules.map((rule) => `${verb(rule.allow)} ${each(rule)}`);
      return `${verb(allow)} every device, then ${inOrder.join(", ")}`;
    }
    return `${verb(allow)} every device but ${rules.map(each).join(", ") || "none"}`;
  }
  const first = (lines: string[]) => describePolicy(devicePolicy("v2", rules(...lines)));
  test.each([
    [["a rwm", "-b *:* rwm", "b 8:0 r"], "allow every device, then deny b *:* rwm, allow b 8:0 r"],
    [["a rwm", "-b 8:* rwm", "b *:* rwm"], "allow every device but none"],
    [["a rwm", "-c 1:* w"], "allow every device, then deny c 1:* w, allow c 1:3 w, allow c 1:8 w"],
    // What the default devices are allowed stands last.
    [["-a rwm", "-c 1:3 rwm"], "deny every device but b *:* m"],
  ])("%j", (lines, expected) => {
    expect(first(lines as string[])).toStartWith(expected as string);
  });

  test("a class may be allowed but for one of it, the making of its node too", () => {
    const policy = devicePolicy("v2", rules("-a rwm", "b 8:* rwm", "-b 8:0 rwm"));
    expect(policy.allow).toBe(false);
    expect(text({ ...policy, rules: policy.rules.slice(0, 4) })).toEqual([
      "c *:* m",
      "b *:* m",
      "b 8:* rwm",
      "b 8:0 rwm",
    ]);
    expect(policy.rules[3]?.allow).toBe(false);
  });

  test("what is left out of random lists decides nothing", () => {
    const seed = Number(Bun.env["FUZZ_SEED"] ?? Date.now() % 1_000_000);
    const random = new Random(seed);
    const number = () => random.pick([-1, 0, 1, 2]);
    const rule = (): DevicePolicyRule => ({
      allow: random.chance(1, 2),
      type: random.pick(["b", "c"] as const),
      major: number(),
      minor: number(),
      access: 1 + random.below(7),
      subject: "",
    });
    for (let run = 0; run < 3000; run++) {
      const list = { allow: random.chance(1, 2), rules: Array.from({ length: random.below(9) }, rule) };
      const policy = decidingRules(list.allow, list.rules);
      for (let asked = 0; asked < 12; asked++) {
        const device = { ...rule(), major: random.below(3), minor: random.below(3) };
        expect([seed, list, device, decide(policy, device)]).toEqual([
          seed,
          list,
          device,
          decide(list, device),
        ]);
      }
      expect(policy.rules.length).toBeLessThanOrEqual(list.rules.length);
    }
  });
});

/** Kind by kind of what is asked for, the last rule that speaks of it. */
function decide(
  { allow, rules: list }: DevicePolicy,
  { type, major, minor, access }: DevicePolicyRule,
): boolean {
  return [1, 2, 4]
    .filter((kind) => (access & kind) !== 0)
    .every((kind) => {
      const last = list.findLast(
        (rule) =>
          rule.type === type &&
          (rule.major === -1 || rule.major === major) &&
          (rule.minor === -1 || rule.minor === minor) &&
          (rule.access & kind) !== 0,
      );
      return last?.allow ?? allow;
    });
}

test("rules under which a node cannot be made come when the nodes are there", () => {
  const table: [lines: string[], denies: boolean][] = [
    [[], false],
    [["-a rwm"], false],
    [["a rwm"], false],
    [["a rwm", "-c 1:11 rw"], false],
    [["a rwm", "-c 1:11 rwm"], true],
    [["a rwm", "-b 8:* m"], true],
  ];
  for (const [lines, denies] of table) {
    for (const version of ["v1", "v2"] as const) {
      expect([lines, deniesNodes(devicePolicy(version, rules(...lines)))]).toEqual([lines, denies]);
    }
  }
  expect(deniesNodes(devicePolicy("v2", rules("-a rwm", "-b *:* rwm", "b 8:0 rwm")))).toBe(true);
});

test("mounts that may open a device", () => {
  const table: [mount: Parameters<typeof mountsDevices>[0][number], opens: boolean][] = [
    [{ source: "proc", kind: "filesystem" }, false],
    [{ source: "", kind: "filesystem" }, false],
    [{ source: "/dev/sda", kind: "bind" }, false],
    [{ source: "/dev/sda", kind: "remount" }, false],
    [{ source: "/dev/sda", kind: "filesystem" }, true],
    [{ source: "/images/disk", kind: "filesystem" }, true],
  ];
  for (const [mount, opens] of table) expect([mount, mountsDevices([mount])]).toEqual([mount, opens]);
});

test("v1: a reset, then the exceptions", () => {
  const lines = deviceSettings(devicePolicy("v1", rules("a rwm", "-b 8:0 rwm", "-b 9:* w")), []).map(
    ({ controller, file, value }) => `${controller} ${file} ${value}`,
  );
  expect(lines).toEqual([
    "devices devices.allow a *:* rwm",
    "devices devices.deny b 8:0 rwm",
    "devices devices.deny b 9:* w",
  ]);
  const [reset, first] = deviceSettings(devicePolicy("v1", undefined), [1]);
  expect(reset).toMatchObject({ file: "devices.deny", value: "a *:* rwm", tolerate: [1] });
  expect(first).toMatchObject({ file: "devices.allow", value: "b *:* m" });
});

test("v2: numbers and masks", () => {
  expect(deviceRules(devicePolicy("v2", rules("a rwm", "-b 8:* rw")))).toEqual({
    allow: true,
    rules: [{ allow: false, type: "block", major: 8, minor: null, access: 6 }],
  });
});
