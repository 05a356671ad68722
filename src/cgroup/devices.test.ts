import { describe, expect, test } from "bun:test";
import type { ResourcesConfig } from "../oci/resources.ts";
import {
  deniesNodes,
  describeException,
  devicePolicy,
  deviceRules,
  deviceSettings,
  mountsDevices,
} from "./devices.ts";

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

describe("devicePolicy", () => {
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
    const policy = devicePolicy(devices);
    expect(policy.allow).toBe(allow);
    expect(policy.exceptions.map(describeException)).toEqual(exceptions);
  });

  test("a default device at a path of linux.devices is left to the rules", () => {
    const { exceptions } = devicePolicy(undefined, ["/dev/null", "/dev/sda"]);
    expect(exceptions.map(describeException)).toEqual(DEFAULTS.filter((line) => line !== "c 1:3 rwm"));
  });

  test.each([
    ["b 8:* rw", "-b 8:0 w"],
    ["b *:* rw", "-b 8:0 w"],
    ["b *:0 rw", "-b 8:0 w"],
    ["b *:* rw", "-b 8:* w"],
  ])("a hole in a wildcard is refused: %s, then %s", (wide, narrow) => {
    expect(() => devicePolicy(rules(wide, narrow))).toThrow("cannot punch hole in existing wildcard rule");
  });

  test("a denied wildcard over a default device is refused, and the error names the rule", () => {
    expect(() => devicePolicy(rules("a rwm", "-c 1:* rwm"))).toThrow(
      "unable to remove 'deny' exception: requested rule [c 1:3 rwm] not supported by devices cgroupv1 (cannot punch hole in existing wildcard rule [c 1:* rwm])",
    );
  });

  test("no hole where the kinds of access differ", () => {
    const { exceptions } = devicePolicy(rules("b 8:* r", "b 8:0 w", "-b 8:0 w"));
    expect(exceptions.map(describeException)).toContain("b 8:* r");
  });

  test("each exception names the rule that it comes from", () => {
    const { exceptions } = devicePolicy(rules("-a rwm", "b 8:0 r"));
    expect(exceptions.find(({ type }) => type === "b" && true)?.subject).toBe("default devices");
    expect(exceptions.find(({ major }) => major === 8)?.subject).toBe("linux.resources.devices[1]");
  });
});

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
    expect([lines, deniesNodes(devicePolicy(rules(...lines)))]).toEqual([lines, denies]);
  }
});

test("mounts that may open a device", () => {
  const table: [mount: Parameters<typeof mountsDevices>[0][number], opens: boolean][] = [
    [{ source: "proc", type: "proc" }, false],
    [{ type: "tmpfs" }, false],
    [{ source: "/dev/sda", type: "bind" }, false],
    [{ source: "/dev/sda", options: ["ro", "rbind"] }, false],
    [{ source: "/dev/sda", type: "ext4", options: ["ro"] }, true],
    [{ source: "/images/disk", type: "ext4" }, true],
  ];
  for (const [mount, opens] of table) expect([mount, mountsDevices([mount])]).toEqual([mount, opens]);
});

test("v1: a reset, then the exceptions", () => {
  const lines = deviceSettings(devicePolicy(rules("a rwm", "-b 8:0 rwm", "-b 9:* w")), []).map(
    ({ controller, file, value }) => `${controller} ${file} ${value}`,
  );
  expect(lines).toEqual([
    "devices devices.allow a *:* rwm",
    "devices devices.deny b 8:0 rwm",
    "devices devices.deny b 9:* w",
  ]);
  const [reset, first] = deviceSettings(devicePolicy(undefined), [1]);
  expect(reset).toMatchObject({ file: "devices.deny", value: "a *:* rwm", tolerate: [1] });
  expect(first).toMatchObject({ file: "devices.allow", value: "b *:* m" });
});

test("v2: numbers and masks", () => {
  expect(deviceRules(devicePolicy(rules("a rwm", "-b 8:* rw")))).toEqual({
    allow: true,
    exceptions: [{ type: "block", major: 8, minor: null, access: 6 }],
  });
});
