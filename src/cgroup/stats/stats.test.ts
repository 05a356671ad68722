import { describe, expect, test } from "bun:test";
import { stringifyJson } from "../../oci/json.ts";
import { hugePageSizes } from "./stats.ts";
import { parseList, v1Files, v1Stats } from "./v1.ts";
import { v2Files, v2Stats } from "./v2.ts";
import { add, parseKeyed, parseUint64, pressure } from "./values.ts";

const PSI =
  "some avg10=1.50 avg60=0.25 avg300=0.00 total=7000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
const CPUSET_ZERO =
  '{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,"memory_spread_page":0,"memory_spread_slab":0,"memory_pressure":0,"sched_load_balance":0,"sched_relax_domain_level":0}';

const json = (stats: object) => stringifyJson(stats);

describe("v2", () => {
  test("runc's members in runc's order", () => {
    const texts = new Map([
      [
        "cpu.stat",
        "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 3\nnr_throttled 2\nthrottled_usec 10\n",
      ],
      ["cpu.pressure", PSI],
      ["memory.stat", "file 4096\nanon 8192\n"],
      ["memory.current", "12288\n"],
      ["memory.max", "max\n"],
      ["memory.peak", "16384\n"],
      ["memory.swap.current", "0\n"],
      ["memory.swap.max", "max\n"],
      ["memory.pressure", PSI.replaceAll("1.50", "0.00").replaceAll("0.25", "0.00").replace("7000", "0")],
      ["pids.current", "2\n"],
      ["pids.max", "20\n"],
      ["io.stat", "8:0 rbytes=1024 wbytes=0 rios=3 wios=1 dbytes=0 dios=0\n8:16 \n"],
      ["hugetlb.2MB.rsvd.current", "0\n"],
      ["hugetlb.2MB.events", "max 5\n"],
    ]);
    expect(json(v2Stats(texts, ["2MB", "1GB"]))).toBe(
      '{"cpu":{"usage":{"total":1500000,"kernel":500000,"user":1000000},' +
        '"throttling":{"periods":3,"throttledPeriods":2,"throttledTime":10000},' +
        '"psi":{"some":{"avg10":1.5,"avg60":0.25,"avg300":0,"total":7000}}},' +
        `"cpuset":${CPUSET_ZERO},` +
        '"memory":{"cache":4096,"usage":{"limit":18446744073709551615,"usage":12288,"max":16384,"failcnt":0},' +
        '"swap":{"limit":18446744073709551615,"usage":12288,"failcnt":0},"raw":{"anon":8192,"file":4096},"psi":{}},' +
        '"pids":{"current":2,"limit":20},' +
        '"blkio":{"ioServiceBytesRecursive":[{"major":8,"op":"Read","value":1024},{"major":8,"op":"Write"}],' +
        '"ioServicedRecursive":[{"major":8,"op":"Read","value":3},{"major":8,"op":"Write","value":1}]},' +
        '"hugetlb":{"2MB":{"failcnt":5}}}',
    );
  });

  test("an empty cgroup without controllers", () => {
    expect(json(v2Stats(new Map([["cgroup.procs", "1\n2\n"]]), []))).toBe(
      `{"cpu":{},"cpuset":${CPUSET_ZERO},"memory":{},"pids":{"current":2},"blkio":{},"hugetlb":{}}`,
    );
  });

  test.each([
    ["no limit", "max", "max", "18446744073709551615"],
    ["both limited", "100", "50", "150"],
    ["memory limited, swap not", "100", "max", "18446744073709551615"],
    ["swap limited, memory not", "max", "50", "18446744073709551615"],
    ["a kernel without swap", "100", undefined, "100"],
  ])("memory and swap together: %s", (_name, memory, swap, expected) => {
    const texts = new Map([
      ["memory.stat", "file 1\n"],
      ["memory.current", "10"],
      ["memory.max", memory],
    ]);
    if (swap !== undefined) {
      texts.set("memory.swap.current", "5");
      texts.set("memory.swap.max", swap);
    }
    const usage = swap === undefined ? 10 : 15;
    expect(json((v2Stats(texts, []).memory as { swap?: object }).swap ?? {})).toBe(
      `{"limit":${expected},"usage":${usage},"failcnt":0}`,
    );
  });
});

describe("v1", () => {
  test("runc's members in runc's order", () => {
    const texts = new Map([
      ["cpuacct.stat", "user 3\nsystem 2\n"],
      ["cpuacct.usage", "5000\n"],
      ["cpuacct.usage_percpu", "2000 3000 \n"],
      ["cpuacct.usage_all", "cpu user system\n0 1500 500\n1 1000 2000\n"],
      ["cpu.stat", "nr_periods 1\nnr_throttled 0\nthrottled_time 0\n"],
      ["cpuset.cpus", "0-1\n"],
      ["cpuset.mems", "0\n"],
      ["cpuset.sched_load_balance", "1\n"],
      ["cpuset.sched_relax_domain_level", "-1\n"],
      ["memory.stat", "cache 4096\nrss 8192\n"],
      ["memory.usage_in_bytes", "12288\n"],
      ["memory.max_usage_in_bytes", "16384\n"],
      ["memory.failcnt", "0\n"],
      ["memory.limit_in_bytes", "9223372036854771712\n"],
      ["memory.kmem.usage_in_bytes", "4096\n"],
      ["pids.current", "1\n"],
      ["pids.max", "max\n"],
      ["blkio.throttle.io_service_bytes", "8:0 Read 512\n8:0 Total 512\nTotal 512\n"],
      ["blkio.throttle.io_service_bytes_recursive", "8:0 Read 1024\n8:0 Total 1024\nTotal 1024\n"],
      ["blkio.throttle.io_serviced", "Total 0\n"],
      ["hugetlb.2MB.usage_in_bytes", "2097152\n"],
      ["hugetlb.2MB.max_usage_in_bytes", "4194304\n"],
      ["hugetlb.2MB.failcnt", "0\n"],
    ]);
    expect(json(v1Stats(texts, ["2MB"]))).toBe(
      '{"cpu":{"usage":{"total":5000,"percpu":[2000,3000],"percpu_kernel":[500,2000],"percpu_user":[1500,1000],' +
        '"kernel":20000000,"user":30000000},"throttling":{"periods":1}},' +
        '"cpuset":{"cpus":[0,1],"cpu_exclusive":0,"mems":[0],"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,' +
        '"memory_spread_page":0,"memory_spread_slab":0,"memory_pressure":0,"sched_load_balance":1,"sched_relax_domain_level":-1},' +
        '"memory":{"cache":4096,"usage":{"limit":9223372036854771712,"usage":12288,"max":16384,"failcnt":0},' +
        '"kernel":{"limit":0,"usage":4096,"failcnt":0},"raw":{"cache":4096,"rss":8192}},' +
        '"pids":{"current":1},' +
        '"blkio":{"ioServiceBytesRecursive":[{"major":8,"op":"Read","value":1024},{"major":8,"op":"Total","value":1024}]},' +
        '"hugetlb":{"2MB":{"usage":2097152,"max":4194304,"failcnt":0}}}',
    );
  });
});

test("no file is read twice", () => {
  for (const files of [v2Files(["2MB"]), v1Files(["2MB"])]) {
    const names = files.flatMap((group) => group.files);
    expect(new Set(names).size).toBe(names.length);
  }
});

test.each([
  ["0-1", [0, 1]],
  ["0,2-3\n", [0, 2, 3]],
  ["", []],
  ["\n", []],
])("parseList(%j)", (text, expected) => {
  expect(parseList(text)).toEqual(expected);
});

test("hugePageSizes", () => {
  expect(hugePageSizes(["hugepages-64kB", "hugepages-2048kB", "hugepages-1048576kB", "other"])).toEqual([
    "64KB",
    "2MB",
    "1GB",
  ]);
});

test.each([
  ["5\n", 5],
  ["max\n", 18446744073709551615n],
  ["9007199254740993", 9007199254740993n],
  ["-5", 0],
  ["", 0],
  [undefined, 0],
  ["1e3", 0],
])("parseUint64(%j)", (text, expected) => {
  expect(parseUint64(text)).toBe(expected);
});

test("sums stay within 64 bits", () => {
  expect(add(18446744073709551615n, 5)).toBe(18446744073709551615n);
  expect(add(2, 3)).toBe(5);
});

test("lines that are no key and value are left out", () => {
  expect([...parseKeyed("a 1\nb\n\n c 2\nd 4")]).toEqual([
    ["a", 1],
    ["d", 4],
  ]);
});

test("pressure that the kernel does not keep", () => {
  expect(pressure(new Map(), "cpu.pressure")).toBeUndefined();
});
