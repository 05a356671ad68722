import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NativeError } from "../failure/errors.ts";
import { failureError } from "../failure/failure.ts";
import type {
  CgroupReadRequest,
  CgroupRemoveRequest,
  CgroupWriteRequest,
  Failure,
} from "../native/boundary.gen.ts";
import { useCore } from "../native/fake-core.ts";
import { replaceCore } from "../native/linked.ts";
import { type Answers, standInCore } from "../native/stand-in.ts";
import { type IntelRdtConfig, schemataLines } from "../oci/intel-rdt.ts";
import { groupPath, monitoringPath, planRdt, rdtTasks, schemataDifferences } from "./rdt.ts";
import { makeRdtGroup, removeRdtGroups, writeSchemata } from "./rdt-group.ts";
import { rdtStats } from "./stats/rdt.ts";

const none: IntelRdtConfig = { closID: "", l3CacheSchema: "", memBwSchema: "", enableMonitoring: false };

test("which group", () => {
  const table: [config: Partial<IntelRdtConfig>, group: string, shared: boolean, monitoring: string][] = [
    [{}, "/r/id", false, ""],
    [{ enableMonitoring: true }, "/r/id", false, "/r/id/mon_groups/id"],
    [{ closID: "gold" }, "/r/gold", true, ""],
    [{ closID: "gold", enableMonitoring: true }, "/r/gold", true, "/r/gold/mon_groups/id"],
    [{ closID: "/" }, "/r", true, ""],
    [{ closID: "/", enableMonitoring: true }, "/r", true, "/r/mon_groups/id"],
  ];
  for (const [config, group, shared, monitoring] of table) {
    const plan = planRdt({ ...none, ...config }, "/r", "id");
    expect([groupPath(plan), plan.shared, monitoringPath(plan)]).toEqual([group, shared, monitoring]);
  }
});

test("a process enters its group first, then the monitoring group in it", () => {
  expect(rdtTasks("/r/id", "")).toEqual(["/r/id/tasks"]);
  expect(rdtTasks("/r/id", "/r/id/mon_groups/id")).toEqual(["/r/id/tasks", "/r/id/mon_groups/id/tasks"]);
});

test("schemata are written in the specification's order, each with the path that asks for it", () => {
  const config = {
    ...none,
    schemata: ["L2:0=f", "MB:0=30"],
    memBwSchema: "MB:0=20",
    l3CacheSchema: "L3:0=7f",
  };
  expect(schemataLines(config)).toEqual([
    { line: "L3:0=7f", subject: "linux.intelRdt.l3CacheSchema" },
    { line: "MB:0=20", subject: "linux.intelRdt.memBwSchema" },
    { line: "L2:0=f", subject: "linux.intelRdt.schemata[0]" },
    { line: "MB:0=30", subject: "linux.intelRdt.schemata[1]" },
  ]);
  expect(schemataLines(none)).toEqual([]);
});

test("lines compared with what the kernel writes", () => {
  const text = "    MB:0= 20;1= 70\n    L3:0=007f0;1=0001f\n";
  const table: [wanted: string[], different: string[]][] = [
    [["L3:0=7f0;1=1f", "MB:0=20;1=70"], []],
    [["L3:1=1F"], []],
    [["L3:0x0=0x7f0"], ["L3:0x0=0x7f0"]],
    [["L3:0=0x7f0"], []],
    [["L3:0=7f1"], ["L3:0=7f1"]],
    [["L3:2=1"], ["L3:2=1"]],
    [["L2:0=f"], ["L2:0=f"]],
    [["MB:0=30", "MB:0=20"], []],
    [["MB:0=20", "MB:0=30"], ["MB:0=30"]],
  ];
  for (const [wanted, different] of table) {
    const lines = wanted.map((line) => ({ line, subject: line }));
    expect([wanted, schemataDifferences(lines, text).map(({ line }) => line)]).toEqual([wanted, different]);
  }
});

/**
 * A directory that stands for the mount, and a core that does with it what the kernel does with resctrl: new groups
 * have their files, schemata lines replace those of the same resource, bandwidth is rounded up to tens.
 */
class Resctrl {
  readonly mount = mkdtempSync(join(tmpdir(), "bunc-unit-resctrl-"));
  groupsLeft = 2;

  constructor(resources: readonly string[] = ["L3", "MB"]) {
    this.fill(this.mount);
    for (const resource of resources) {
      mkdirSync(join(this.mount, "info", resource), { recursive: true });
      writeFileSync(join(this.mount, "info", resource, "num_closids"), "8\n");
    }
    mkdirSync(join(this.mount, "info"), { recursive: true });
    writeFileSync(join(this.mount, "info/last_cmd_status"), "ok\n");
  }

  fill(group: string): void {
    writeFileSync(join(group, "tasks"), "");
    if (group.includes("/mon_groups/")) return;
    mkdirSync(join(group, "mon_groups"));
    writeFileSync(join(group, "schemata"), "MB:0=100;1=100\nL3:0=fff;1=fff\n");
  }

  schemata(group: string): string {
    return readFileSync(join(this.mount, group, "schemata"), "utf8");
  }

  readonly answers: Answers = {
    make_directory: this.make.bind(this),
    cgroup_write: this.write.bind(this),
    cgroup_read: this.read.bind(this),
    cgroup_remove: this.remove.bind(this),
  };

  private make({ path }: { path: string }) {
    if (existsSync(path)) return { created: false };
    if (this.groupsLeft === 0) {
      writeFileSync(join(this.mount, "info/last_cmd_status"), "Out of CLOSIDs\n");
      throw failure({ op: "mkdir", target: path, errno: 28 });
    }
    this.groupsLeft--;
    mkdirSync(path);
    this.fill(path);
    return { created: true };
  }

  private write({ groups }: CgroupWriteRequest) {
    for (const { path, writes } of groups) {
      for (const { file, value, subject } of writes) {
        const target = join(this.mount, path, file);
        const [, resource, rest] = /^(\w+):(.*)\n$/.exec(value) ?? [];
        const before = readFileSync(target, "utf8");
        if (resource === undefined || !before.includes(`${resource}:`) || rest?.includes("x") === true) {
          writeFileSync(
            join(this.mount, "info/last_cmd_status"),
            `Unknown or unsupported resource name '${resource}'\n`,
          );
          throw failure({ op: "write", target, errno: 22, detail: value, subject });
        }
        const kept =
          resource === "MB" ? value.replace(/=(\d)[1-9]\b/g, (_all, ten) => `=${Number(ten) + 1}0`) : value;
        writeFileSync(target, before.replace(new RegExp(`${resource}:.*\n`), kept));
      }
    }
    return { tolerated: [] };
  }

  private read({ groups }: CgroupReadRequest) {
    const paths = groups.flatMap(({ path, files }) => files.map((file) => join(this.mount, path, file)));
    return {
      files: paths.map((path) =>
        existsSync(path) ? { text: readFileSync(path, "utf8"), errno: 0 } : { text: "", errno: 2 },
      ),
    };
  }

  private remove({ groups }: CgroupRemoveRequest) {
    for (const { path } of groups) rmSync(join(this.mount, path), { recursive: true, force: true });
    return { remaining: [] };
  }
}

function failure(known: Partial<Failure>): NativeError {
  const whole = {
    ...{ code: "system", stage: "parent", op: "", errno: 0, subject: "", target: "", detail: "" },
    ...known,
  } as Failure;
  return new NativeError(failureError(whole), whole);
}

describe("a group in a directory that stands for resctrl", () => {
  let resctrl: Resctrl;
  let putBack: () => void;
  beforeEach(() => {
    resctrl = new Resctrl();
    putBack = replaceCore(standInCore(resctrl.answers), 1 << 16);
  });
  afterEach(() => {
    putBack();
    rmSync(resctrl.mount, { recursive: true });
  });

  function make(config: Partial<IntelRdtConfig>) {
    const made: string[] = [];
    const plan = planRdt({ ...none, ...config }, resctrl.mount, "id");
    const { warnings } = makeRdtGroup(plan, (path) => {
      made.push(path.slice(resctrl.mount.length + 1));
    });
    return { made, warnings };
  }

  test("its own: made, filled, removed", () => {
    const { made, warnings } = make({ l3CacheSchema: "L3:0=7f;1=3", memBwSchema: "MB:0=20;1=70" });
    expect([made, warnings]).toEqual([["id"], []]);
    expect(resctrl.schemata("id")).toBe("MB:0=20;1=70\nL3:0=7f;1=3\n");
    removeRdtGroups(resctrl.mount, [`${resctrl.mount}/id`]);
    expect(existsSync(join(resctrl.mount, "id"))).toBe(false);
  });

  test("without shares: made all the same, and its schemata left alone", () => {
    expect(make({}).made).toEqual(["id"]);
    expect(resctrl.schemata("id")).toBe("MB:0=100;1=100\nL3:0=fff;1=fff\n");
  });

  test("bandwidth that the kernel rounds is told", () => {
    expect(make({ memBwSchema: "MB:0=25" }).warnings).toEqual([
      {
        path: "linux.intelRdt.memBwSchema",
        found: '"MB:0=25"',
        message: 'linux.intelRdt.memBwSchema: the kernel has changed MB:0=25 to "MB:0=30"',
      },
    ]);
  });

  test("one that is there already is not the container's to remove", () => {
    mkdirSync(join(resctrl.mount, "id"));
    resctrl.fill(join(resctrl.mount, "id"));
    expect(make({ l3CacheSchema: "L3:0=1" }).made).toEqual([]);
    expect(resctrl.schemata("id")).toContain("L3:0=1\n");
  });

  test("monitoring: in its own group it ends with that, in another it is removed by itself", () => {
    expect(make({ enableMonitoring: true }).made).toEqual(["id"]);
    expect(existsSync(join(resctrl.mount, "id/mon_groups/id/tasks"))).toBe(true);
    resctrl.groupsLeft = 1;
    expect(make({ closID: "/", enableMonitoring: true }).made).toEqual(["mon_groups/id"]);
  });

  test("closID that is missing: made with shares, refused without", () => {
    expect(() => make({ closID: "gold" })).toThrow(
      /^clos dir not accessible \(must be pre-created when schemata, l3CacheSchema and memBwSchema are empty\)/,
    );
    expect(make({ closID: "gold", schemata: ["L3:0=f"] }).made).toEqual([]);
    expect(resctrl.schemata("gold")).toContain("L3:0=f\n");
  });

  test("closID that is there keeps its shares: the same are accepted, others refused", () => {
    make({ closID: "gold", schemata: ["L3:0=f;1=f"] });
    expect(make({ closID: "gold" }).made).toEqual([]);
    expect(make({ closID: "gold", l3CacheSchema: "L3:0=000f" }).made).toEqual([]);
    expect(() => make({ closID: "gold", l3CacheSchema: "L3:0=7" })).toThrow(
      'gold/schemata has "L3:0=f;1=f", not "L3:0=7"',
    );
    expect(resctrl.schemata("gold")).toContain("L3:0=f;1=f\n");
  });

  test("shares that the kernel refuses: what it says, and no group of a new closID stays", () => {
    expect(() => make({ closID: "gold", schemata: ["L4:0=f"] })).toThrow(
      /^intelrdt: unable to write "L4:0=f": .*, last_cmd_status: Unknown or unsupported resource name 'L4'$/,
    );
    expect(readdirSync(resctrl.mount)).not.toContain("gold");
  });

  test("more groups than the processor has", () => {
    resctrl.groupsLeft = 0;
    expect(() => make({})).toThrow(
      /^unable to apply Intel RDT configuration: .*, last_cmd_status: Out of CLOSIDs$/,
    );
  });

  test("update", () => {
    make({});
    writeSchemata(resctrl.mount, "id", schemataLines({ ...none, memBwSchema: "MB:0=50" }));
    expect(resctrl.schemata("id")).toContain("MB:0=50\n");
  });

  test("paths that are not below the mount are left alone", () => {
    removeRdtGroups("", [`${resctrl.mount}/mon_groups`]);
    removeRdtGroups(resctrl.mount, ["/elsewhere/id"]);
    expect(existsSync(join(resctrl.mount, "mon_groups"))).toBe(true);
  });
});

describe("a processor that lacks a resource", () => {
  const table: [config: Partial<IntelRdtConfig>, resources: string[], message: string][] = [
    [
      { l3CacheSchema: "L3:0=f" },
      ["MB"],
      "intelRdt.l3CacheSchema is specified in config, but Intel RDT/CAT is not enabled",
    ],
    [
      { memBwSchema: "MB:0=20" },
      ["L3"],
      "intelRdt.memBwSchema is specified in config, but Intel RDT/MBA is not enabled",
    ],
  ];
  test.each(table)("%j with %j", (config, resources, message) => {
    const resctrl = new Resctrl(resources);
    useCore(resctrl.answers);
    const plan = planRdt({ ...none, ...config }, resctrl.mount, "id");
    expect(() => makeRdtGroup(plan, () => {})).toThrow(message);
    expect(existsSync(join(resctrl.mount, "id"))).toBe(false);
    rmSync(resctrl.mount, { recursive: true });
  });
});

describe("statistics", () => {
  const files: Record<string, string> = {
    schemata: "MB:0=100\nL3:0=fff\n",
    "id/schemata": "    MB:0= 20\n    L3:0=00f\n",
    "info/L3/cbm_mask": "fff\n",
    "info/L3/min_cbm_bits": "1\n",
    "info/L3/num_closids": "16\n",
    "info/MB/bandwidth_gran": "10\n",
    "info/MB/delay_linear": "0\n",
    "info/MB/min_bandwidth": "10\n",
    "info/MB/num_closids": "8\n",
    "info/L3_MON/mon_features": "llc_occupancy\nmbm_total_bytes\n",
    "id/mon_groups/id/mon_data/mon_L3_00/llc_occupancy": "4096\n",
    "id/mon_groups/id/mon_data/mon_L3_00/mbm_total_bytes": "8192\n",
  };
  const read = (from: Record<string, string>) => (path: string, file: string) =>
    from[path === "" ? file : `${path}/${file}`];

  test("everything, in runc's order", () => {
    expect(JSON.stringify(rdtStats(read(files), "id", "id/mon_groups/id", ["mon_L3_00"]))).toBe(
      '{"l3_cache_info":{"cbm_mask":"fff","min_cbm_bits":1,"num_closids":16},' +
        '"l3_cache_schema_root":"L3:0=fff","l3_cache_schema":"L3:0=00f",' +
        '"mem_bw_info":{"bandwidth_gran":10,"min_bandwidth":10,"num_closids":8},' +
        '"mem_bw_schema_root":"MB:0=100","mem_bw_schema":"MB:0= 20",' +
        '"schemata":["MB:0= 20","    L3:0=00f"],' +
        '"mbm_stats":[{"mbm_total_bytes":8192,"mbm_local_bytes":0}],"cmt_stats":[{"llc_occupancy":4096}]}',
    );
  });

  test("only what the processor has", () => {
    expect(rdtStats(read({ "id/schemata": "L2:0=f\n" }), "id", "id", [])).toEqual({ schemata: ["L2:0=f"] });
  });
});
