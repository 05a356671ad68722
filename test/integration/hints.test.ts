/** Hints: each is given for its cause, and not for a similar failure. On the real kernel; src/failure/hints.test.ts has the rest. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { controller } from "../harness/cgroup-file.ts";
import { addUserNamespace, type Edit } from "../harness/config.ts";
import { probePath } from "../harness/probe.ts";
import {
  buncOnly,
  cgroupV1,
  cgroupV2,
  type Requirement,
  root,
  userNamespaces,
} from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

interface Case {
  name: string;
  needs?: Requirement[];
  edit: Edit;
  message: RegExp;
  /** Undefined if none is given. */
  hint?: RegExp;
  /** The `detail` of the record: an observation, not advice. */
  detail?: RegExp;
}

const limits =
  (resources: Record<string, unknown>): Edit =>
  (config) => {
    config.linux.resources = resources;
  };

const cases: Case[] = [
  {
    name: "a size of huge pages that there is not",
    needs: [controller("hugetlb")],
    edit: limits({ hugepageLimits: [{ pageSize: "3MB", limit: 0 }] }),
    message: /hugetlb\.3MB/,
    hint: /^the sizes of huge pages here: .*2MB/,
  },
  {
    name: "a limit of huge pages that the kernel refuses (v2)",
    needs: [cgroupV2, controller("hugetlb")],
    edit: limits({ unified: { "hugetlb.2MB.max": "a lot" } }),
    message: /hugetlb\.2MB\.max/,
  },
  {
    name: "a limit of a controller that is not there (v2)",
    needs: [
      cgroupV2,
      (): string | null => (controller("memory")() === null ? "needs a host without it" : null),
    ],
    edit: limits({ memory: { limit: 2 ** 30 } }),
    message: /memory/,
    hint: /^doctor: memory: /,
  },
  {
    name: "a period that the kernel refuses (v1)",
    needs: [cgroupV1, controller("cpu")],
    edit: limits({ cpu: { quota: 10, period: 20 } }),
    message: /cpu\.cfs_period_us|cpu\.cfs_quota_us/,
  },
  {
    name: "a value that the kernel refuses (v2)",
    needs: [cgroupV2, controller("memory")],
    edit: limits({ unified: { "memory.max": "a lot" } }),
    message: /memory\.max/,
  },
  {
    name: "CPUs that there are not",
    needs: [controller("cpuset")],
    edit: limits({ cpu: { cpus: "4000" } }),
    message: /cpuset\.cpus/,
  },
  {
    name: "a program that is not in PATH",
    edit: (config) => {
      config.process.args = ["nope"];
      config.process.env = ["PATH=/bin:/usr/bin"];
    },
    message: /executable file not found in \$PATH/,
    hint: /in the PATH of process\.env: \/bin:\/usr\/bin$/,
  },
  {
    name: "a program that is a directory",
    edit: (config) => {
      config.process.args = ["/dev"];
    },
    message: /is a directory/,
  },
  {
    name: "a program that nobody may execute",
    edit: (config) => {
      config.process.args = ["/proc/version"];
    },
    message: /permission denied$/,
    detail: /^its mode lets nobody execute it$/,
  },
  {
    name: "a program on a mount with noexec",
    edit: (config) => {
      const source = dirname(probePath());
      config.mounts.push({ destination: "/no", type: "bind", source, options: ["bind", "noexec"] });
      config.process.args = [`/no/${basename(probePath())}`];
    },
    message: /permission denied$/,
    detail: /^it is on a mount with noexec$/,
  },
  {
    name: "a misspelt option of a bind mount",
    edit: (config) => {
      config.mounts.push({ destination: "/no", type: "bind", source: "/etc", options: ["bind", "nosiud"] });
    },
    message: /found "nosiud".*\(did you mean "nosuid"\?\)$/,
  },
  {
    name: "sysfs in a user namespace without a network namespace",
    needs: [userNamespaces],
    edit: (config) => {
      addUserNamespace(config);
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "network");
      config.mounts = config.mounts.filter(({ destination }) => destination !== "/sys");
      config.mounts.push({ destination: "/sysfs", type: "sysfs", source: "sysfs" });
    },
    message: /sysfs/,
    hint: /needs a new network namespace/,
  },
  {
    name: "a misspelt option of a mount",
    edit: (config) => {
      config.mounts.push({ destination: "/t", type: "tmpfs", source: "tmpfs", options: ["nosiud"] });
    },
    message: /nosiud|invalid argument/,
    hint: /did you mean "nosuid"/,
  },
  {
    name: "a wrong value of an option",
    edit: (config) => {
      config.mounts.push({ destination: "/t", type: "tmpfs", source: "tmpfs", options: ["size=lots"] });
    },
    message: /size|invalid argument/,
  },
  {
    name: "a file system that there is not",
    edit: (config) => {
      config.mounts.push({ destination: "/t", type: "nosuchfs", source: "none" });
    },
    message: /no such device/,
    hint: /no file system "nosuchfs"/,
  },
  {
    name: "a hard limit above fs.nr_open",
    edit: (config) => {
      config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 2 ** 40 }];
    },
    message: /rlimits/,
    hint: /above fs\.nr_open \(\d+\)/,
  },
  {
    name: "a uid that is not mapped",
    needs: [userNamespaces],
    edit: (config) => {
      addUserNamespace(config);
      config.process.user = { uid: 4_000_000, gid: 0 };
    },
    message: /unmapped uid 4000000/,
    hint: /^uid 4000000 is in no range of linux\.uidMappings$/,
  },
];

for (const { name, needs = [], edit, message, hint, detail } of cases) {
  scenario(
    `${name}: ${hint === undefined ? "no hint" : "its hint"}`,
    [root, buncOnly, ...needs],
    async (box) => {
      const log = box.path("log");
      const { directory, rootfs } = box.probe([], edit);
      if (needs.includes(userNamespaces)) await Bun.$`chown -R 100000:100000 ${rootfs}`.quiet();
      const result = await box.call([
        "--log",
        log,
        "--log-format",
        "json",
        "create",
        "--bundle",
        directory,
        box.id(),
      ]);
      expect(result.status).toBe(1);
      const record = JSON.parse(readFileSync(log, "utf8"));
      expect(record.msg).toMatch(message);
      if (detail !== undefined) expect(record.detail).toMatch(detail);
      if (hint === undefined) expect(record.hint).toBeUndefined();
      else expect(record.hint).toMatch(hint);
    },
  );
}

scenario(
  "ps of a container that was made without cgroups: the hint is not about delegation",
  [root, buncOnly],
  async (box) => {
    const id = box.id();
    const { directory } = box.probe(["sleep"], (config) => Reflect.deleteProperty(config.linux, "resources"));
    await box.must(["--cgroup-manager", "disabled", "create", "--bundle", directory, id]);
    const result = await box.call(["ps", id]);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('hint="it was created with --cgroup-manager disabled"');
  },
);
