/** Every parser of a command-line value: what it accepts, and a table of what it must not. */

import { describe, expect, test } from "bun:test";
import { parseSubCgroups } from "../cgroup/sub-cgroup.ts";
import { RuntimeError } from "../failure/errors.ts";
import { parsePageServer } from "./criu.ts";
import {
  parseAdditionalGid,
  parseCapability,
  parseContainerId,
  parseEnvironmentVariable,
  parseSignal,
  parseUser,
} from "./names.ts";
import { parseFileOrStdin, parseRelativePath, parseRoot } from "./paths.ts";
import {
  integerFrom,
  oneOf,
  parseBoolean,
  parseBooleanOrAuto,
  parseCpuList,
  parseInt64,
  parsePositiveDuration,
  parseSize,
  parseUint64,
} from "./values.ts";

interface Table {
  name: string;
  parse: (text: string) => unknown;
  good: readonly (readonly [text: string, value: unknown])[];
  bad: readonly string[];
  /** What every refusal says. */
  says: RegExp;
}

const same = (...texts: string[]) => texts.map((text) => [text, text] as const);

const tables: readonly Table[] = [
  {
    name: "container id",
    parse: parseContainerId,
    good: same("a", "ubuntu01", "A_b+c.d-e", "...", ".a", "a".repeat(255)),
    bad: [
      ".",
      "..",
      "a/b",
      "../a",
      "/",
      "a b",
      "a\n",
      "\n",
      "ä",
      "a\0",
      "a:b",
      "a".repeat(256),
      " a",
      "$(id)",
    ],
    says: /^invalid container ID format$/,
  },
  {
    name: "signal",
    parse: parseSignal,
    good: [
      ["TERM", 15],
      ["SIGTERM", 15],
      ["term", 15],
      ["sigkill", 9],
      ["9", 9],
      ["0", 0],
      ["64", 64],
      ["IOT", 6],
      ["CLD", 17],
      ["POLL", 29],
      ["RTMIN", 34],
      ["SIGRTMIN+3", 37],
      ["rtmax-1", 63],
      ["RTMIN+30", 64],
    ],
    bad: [
      "",
      "-1",
      "-9",
      "65",
      "100",
      "9.5",
      "9a",
      "0x9",
      " 9",
      "SIG",
      "SIGSIGTERM",
      "FOO",
      "__proto__",
      "toString",
      "RTMIN+31",
      "RTMAX-31",
      "RTMIN-1",
      "RTMIN+",
      "1e1",
      "+9",
    ],
    says: /^unknown signal "/,
  },
  {
    name: "--user",
    parse: parseUser,
    good: [
      ["0", { uid: 0, gid: undefined }],
      ["1000", { uid: 1000, gid: undefined }],
      ["1000:100", { uid: 1000, gid: 100 }],
      ["0:0", { uid: 0, gid: 0 }],
      ["4294967294:4294967294", { uid: 4_294_967_294, gid: 4_294_967_294 }],
      ["007", { uid: 7, gid: undefined }],
    ],
    bad: [
      "",
      ":",
      "1000:",
      ":100",
      "root",
      "nobody:nogroup",
      "1000:users",
      "-1",
      "1000:-1",
      "+1",
      "1.0",
      "1e3",
      "0x10",
      " 1",
      "1 ",
      "1\n",
      "1:2:3",
      "4294967295",
      "4294967296",
      "99999999999999999999",
      "1_000",
      "１",
      "NaN",
      "true",
      "null",
    ],
    says: /^bad [ug]id: /,
  },
  {
    name: "--additional-gids",
    parse: parseAdditionalGid,
    good: [
      ["0", 0],
      ["1000", 1000],
      ["4294967294", 4_294_967_294],
    ],
    bad: ["", "-1", "users", "4294967295", "1,2", "1.5", "0x1", " 1"],
    says: /^(bad gid: |additional-gids must be a positive number -1)/,
  },
  {
    name: "--env",
    parse: parseEnvironmentVariable,
    good: same("A=b", "A=", "A=b=c", "a b=c", "A= ", "Ä=ö"),
    bad: ["", "A", "=", "=b", "=A=b"],
    says: /^invalid environment variable: (missing '='|name cannot be empty)/,
  },
  {
    name: "--preserve-fds",
    parse: integerFrom(0, 1_048_576),
    good: [
      ["0", 0],
      ["3", 3],
      ["+3", 3],
      ["-0", 0],
      ["007", 7],
      ["1048576", 1_048_576],
    ],
    bad: [
      "",
      " ",
      "-1",
      "1048577",
      "1a",
      "1.0",
      "1e3",
      "0x3",
      "three",
      "1_0",
      "Infinity",
      "NaN",
      "--1",
      "3 ",
      "99999999999999999999",
    ],
    says: /is not an integer from 0 to 1048576$/,
  },
  {
    name: "int64",
    parse: parseInt64,
    good: [
      ["0", 0n],
      ["-1", -1n],
      ["+5", 5n],
      ["00000000000000000000000000012", 12n],
      ["-0012", -12n],
      ["9007199254740993", 9_007_199_254_740_993n],
      ["9223372036854775807", 9_223_372_036_854_775_807n],
      ["-9223372036854775808", -9_223_372_036_854_775_808n],
    ],
    bad: [
      "",
      "-",
      "+",
      "9223372036854775808",
      "-9223372036854775809",
      "1n",
      "0x10",
      "1.5",
      "1e3",
      " 1",
      "1k",
      "9".repeat(10_000),
    ],
    says: /is not an integer from -9223372036854775808 to 9223372036854775807$/,
  },
  {
    name: "uint64",
    parse: parseUint64,
    good: [
      ["0", 0n],
      ["18446744073709551615", 18_446_744_073_709_551_615n],
    ],
    bad: ["", "-1", "18446744073709551616", "0b1", "1,000", "١"],
    says: /is not an integer from 0 to 18446744073709551615$/,
  },
  {
    name: "size",
    parse: parseSize,
    good: [
      ["0", 0n],
      ["-1", -1n],
      ["1024", 1024n],
      ["1k", 1024n],
      ["1K", 1024n],
      ["1kb", 1024n],
      ["1KiB", 1024n],
      ["32 MB", 33_554_432n],
      ["1.5g", 1_610_612_736n],
      ["0.5k", 512n],
      ["9007199254740993", 9_007_199_254_740_993n],
      ["9223372036854775807", 9_223_372_036_854_775_807n],
      ["100b", 100n],
    ],
    bad: [
      "",
      "-2",
      "-1k",
      "1x",
      "k",
      "1kk",
      "1.k",
      ".5k",
      "1  k",
      " 1k",
      "1k ",
      "0x10",
      "1e3",
      "1,5g",
      "9223372036854775808",
      "8193p",
      "1.5.5k",
      "NaN",
      "unlimited",
    ],
    says: /is not a size such as /,
  },
  {
    name: "--interval",
    parse: parsePositiveDuration,
    good: [
      ["5s", 5000],
      ["1m30s", 90_000],
      ["1.5h", 5_400_000],
      ["100ms", 100],
      ["+5s", 5000],
      [".5s", 500],
      ["1.s", 1000],
      ["250us", 0.25],
      ["1h0m0s", 3_600_000],
    ],
    bad: ["", "5", "s", "5 s", "0", "0s", "-5s", "5S", "5d", "1e3s", "5s5", "300000000h", " 5s"],
    says: /(is not a duration such as|duration interval must be greater than 0|is longer than 292 years)/,
  },
  {
    name: "boolean",
    parse: parseBoolean,
    good: [
      ["1", true],
      ["t", true],
      ["True", true],
      ["0", false],
      ["F", false],
      ["FALSE", false],
    ],
    bad: ["", "yes", "no", "on", "tRUE", "2", "-1", " true", "auto"],
    says: /is not a boolean/,
  },
  {
    name: "--rootless",
    parse: parseBooleanOrAuto,
    good: [
      ["", "auto"],
      ["auto", "auto"],
      ["AUTO", "auto"],
      ["true", true],
      ["0", false],
    ],
    bad: ["yes", "automatic", "2", "tRue", " auto"],
    says: /is not true, false or auto/,
  },
  {
    name: "--log-format",
    parse: oneOf("invalid log-format", "text", "json"),
    good: same("text", "json"),
    bad: ["", "xml", "JSON", "text,json", "json "],
    says: /^invalid log-format: /,
  },
  {
    name: "--cpuset-cpus",
    parse: parseCpuList,
    good: same("0", "0-3", "0-3,8", "0-31:2/4", "0,0"),
    bad: ["", ",", "0,", "3-0", "-1", "a", "0-", "0-3:2", "0 1", "99999999"],
    says: /is not a list such as/,
  },
  {
    name: "--page-server",
    parse: parsePageServer,
    good: [
      ["10.0.0.1:27", { address: "10.0.0.1", port: 27 }],
      ["host:65535", { address: "host", port: 65_535 }],
      ["[::1]:80", { address: "::1", port: 80 }],
    ],
    bad: [
      "",
      "host",
      "host:",
      ":80",
      "::1:80",
      "[::1]",
      "host:0",
      "host:65536",
      "host:http",
      "host:-1",
      "a:b:1",
    ],
    says: /^(Use --page-server ADDRESS:PORT|Invalid port number)/,
  },
  {
    name: "--root",
    parse: parseRoot,
    good: [
      ["/run/x", "/run/x"],
      ["/run//x/../y/", "/run/y"],
    ],
    bad: ["", "/", "//", "/..", "/run/..", "../../../../../../../../../../../.."],
    says: /^Option --root argument should not be set to \/$/,
  },
  {
    name: "--parent-path",
    parse: parseRelativePath,
    good: same("previous", "../previous"),
    bad: ["/previous", "/"],
    says: /^--parent-path must be relative$/,
  },
  {
    name: "--cgroup (v2)",
    parse: (text) => [...parseSubCgroups([text])],
    good: [
      ["/sub", [["", "/sub"]]],
      ["cpu:sub", [["cpu", "sub"]]],
      [
        "cpu,cpuacct:a:b",
        [
          ["cpu", "a:b"],
          ["cpuacct", "a:b"],
        ],
      ],
    ],
    bad: [":sub", "cpu,:sub", "cpu,cpu:sub"],
    says: /^invalid --cgroup argument/,
  },
];

for (const { name, parse, good, bad, says } of tables) {
  describe(name, () => {
    test.each(good.map(([text, value]) => ({ text, value })))("takes $text", ({ text, value }) => {
      expect(parse(text)).toEqual(value);
    });
    test.each(bad.map((text) => ({ text })))("refuses $text", ({ text }) => {
      expect(() => parse(text)).toThrow(says);
      expect(() => parse(text)).toThrow(RuntimeError);
    });
  });
}

test("an empty container id has runc's own text", () => {
  expect(() => parseContainerId("")).toThrow("container id cannot be empty");
});

test("several --cgroup flags need controllers, each once", () => {
  expect([...parseSubCgroups(["cpu:a", "memory:b"])]).toEqual([
    ["cpu", "a"],
    ["memory", "b"],
  ]);
  expect(parseSubCgroups([]).size).toBe(0);
  expect(() => parseSubCgroups(["a", "b"])).toThrow(
    "invalid --cgroup argument: a (missing <controller>: prefix)",
  );
  expect(() => parseSubCgroups(["cpu:a", "cpu:b"])).toThrow("controller cpu specified multiple times");
});

test("a file, or standard input", () => {
  expect(parseFileOrStdin("-")).toBe("-");
  expect(parseFileOrStdin("./-")).toBe(`${process.cwd()}/-`);
});

test("a misspelt signal gets the one that was meant, with or without SIG as it was written", () => {
  expect(() => parseSignal("SIGTREM")).toThrow(
    'unknown signal "SIGTREM" (did you mean "SIGTERM"?): use a name',
  );
  expect(() => parseSignal("kil")).toThrow('unknown signal "kil" (did you mean "KILL"?): use a name');
  expect(() => parseSignal("FROBNICATE")).toThrow('unknown signal "FROBNICATE": use a name');
});

test.each([
  ["CAP_NET_ADMIN", "CAP_NET_ADMIN"],
  ["net_admin", "CAP_NET_ADMIN"],
  ["Cap_Bpf", "CAP_BPF"],
  ["CAP_CHECKPOINT_RESTORE", "CAP_CHECKPOINT_RESTORE"],
  // What is no capability is told by the plan, in the words that it was given.
  ["", ""],
  ["ALL", "ALL"],
  ["cap_foo", "cap_foo"],
  ["CAP_CAP_BPF", "CAP_CAP_BPF"],
])("--cap %j is %j", (text, name) => {
  expect(parseCapability(text)).toBe(name);
});
