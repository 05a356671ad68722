import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

/** linux/capability.h. */
const capability = {
  CHOWN: 0,
  KILL: 5,
  SETUID: 7,
  NET_BIND_SERVICE: 10,
  NET_RAW: 13,
  SYS_ADMIN: 21,
  AUDIT_WRITE: 29,
};
const specification = [capability.KILL, capability.NET_BIND_SERVICE, capability.AUDIT_WRITE];

scenario("arguments, environment and working directory", [root], async (box) => {
  const { self } = await box.report(["self", "x y", ""], (config) => {
    config.process.env = ["A=1", "EMPTY=", "PATH=/bin", "UNICODE=ü"];
    config.process.cwd = "/proc";
  });
  expect(self.args).toEqual(["/probe", "self", "x y", ""]);
  expect(self.env.filter((entry) => !entry.startsWith("HOME="))).toEqual([
    "A=1",
    "EMPTY=",
    "PATH=/bin",
    "UNICODE=ü",
  ]);
  expect(self.cwd).toBe("/proc");
});

scenario("HOME comes from the container's passwd file", [root], async (box) => {
  const bundle = box.probe(["self"], (config) => {
    config.process.user = { uid: 1234, gid: 0 };
  });
  await Bun.$`mkdir -p ${bundle.rootfs}/etc`.quiet();
  writeFileSync(`${bundle.rootfs}/etc/passwd`, "root:x:0:0::/root:/bin/sh\nu:x:1234:0::/home/u:/bin/sh\n");
  expect((await box.reportOf(bundle)).self.env).toContain("HOME=/home/u");
});

scenario("HOME is / for a user that the passwd file does not know", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process.user = { uid: 4321, gid: 0 };
  });
  expect(self.env).toContain("HOME=/");
});

scenario("a HOME in the configuration is kept", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process.env.push("HOME=/mine");
  });
  expect(self.env.filter((entry) => entry.startsWith("HOME="))).toEqual(["HOME=/mine"]);
});

scenario("a missing working directory is made", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.root.readonly = false;
    config.process.cwd = "/made/for/me";
  });
  expect(self.cwd).toBe("/made/for/me");
});

scenario("PATH of the configuration finds the program", [root], async (box) => {
  const bundle = box.bundle((config) => {
    config.process.args = ["probe", "self"];
    config.process.env = ["PATH=/nowhere:/"];
  });
  expect((await box.reportOf(bundle)).self.args[0]).toBe("probe");
});

scenario("user, group, additional groups, umask", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process.user = { uid: 1000, gid: 1001, additionalGids: [7, 5, 100000], umask: 0o027 };
  });
  expect(self.uids).toEqual([1000, 1000, 1000]);
  expect(self.gids).toEqual([1001, 1001, 1001]);
  expect(self.groups.toSorted((a, b) => a - b)).toEqual([5, 7, 100000]);
  expect(self.umask).toBe(0o027);
});

scenario("the default umask is 022", [root], async (box) => {
  expect((await box.report(["self"])).self.umask).toBe(0o022);
});

scenario("capabilities of the specification", [root], async (box) => {
  const { self } = await box.report(["self"]);
  for (const set of ["bounding", "effective", "permitted"] as const) {
    expect(self.capabilities[set]).toEqual(specification);
  }
  expect(self.capabilities.ambient).toEqual([]);
  expect(self.capabilities.inheritable).toEqual([]);
});

scenario("no capabilities at all", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process.capabilities = {};
  });
  for (const set of Object.values(self.capabilities)) expect(set).toEqual([]);
});

scenario("a process that is not root has ambient capabilities only", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
    const names = ["CAP_NET_RAW", "CAP_KILL"];
    config.process.capabilities = {
      bounding: names,
      permitted: names,
      effective: names,
      inheritable: names,
      ambient: ["CAP_NET_RAW"],
    };
  });
  expect(self.capabilities.ambient).toEqual([capability.NET_RAW]);
  expect(self.capabilities.effective).toEqual([capability.NET_RAW]);
  expect(self.capabilities.permitted).toEqual([capability.NET_RAW]);
  expect(self.capabilities.bounding).toEqual([capability.KILL, capability.NET_RAW]);
});

scenario("a process that is not root without ambient ones has none", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process.user = { uid: 1000, gid: 1000 };
  });
  expect(self.capabilities.effective).toEqual([]);
  expect(self.capabilities.permitted).toEqual([]);
});

for (const value of [true, false]) {
  scenario(`noNewPrivileges ${value}`, [root], async (box) => {
    const { self } = await box.report(["self"], (config) => {
      config.process.noNewPrivileges = value;
    });
    expect(self.noNewPrivileges).toBe(value);
  });
}

/** Below the hard limit of any machine, so that no capability is needed. */
const limits: { type: string; soft: number; hard: number }[] = [
  { type: "RLIMIT_CPU", soft: 1000, hard: 2000 },
  { type: "RLIMIT_FSIZE", soft: 1 << 20, hard: 1 << 30 },
  { type: "RLIMIT_DATA", soft: 1 << 30, hard: 1 << 30 },
  { type: "RLIMIT_STACK", soft: 1 << 20, hard: 1 << 22 },
  { type: "RLIMIT_CORE", soft: 0, hard: 0 },
  { type: "RLIMIT_RSS", soft: 1 << 30, hard: 1 << 30 },
  { type: "RLIMIT_NPROC", soft: 100, hard: 200 },
  { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
  { type: "RLIMIT_MEMLOCK", soft: 4096, hard: 65536 },
  { type: "RLIMIT_AS", soft: 2 ** 31, hard: 2 ** 32 },
  { type: "RLIMIT_LOCKS", soft: 10, hard: 20 },
  { type: "RLIMIT_SIGPENDING", soft: 10, hard: 20 },
  { type: "RLIMIT_MSGQUEUE", soft: 1000, hard: 2000 },
  { type: "RLIMIT_NICE", soft: 0, hard: 0 },
  { type: "RLIMIT_RTPRIO", soft: 0, hard: 0 },
  { type: "RLIMIT_RTTIME", soft: 100000, hard: 200000 },
];

scenario("all sixteen resource limits", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process.rlimits = limits;
  });
  for (const { type, soft, hard } of limits) {
    expect([type, self.rlimits[type.slice(7)]]).toEqual([type, { soft: `${soft}`, hard: `${hard}` }]);
  }
});

scenario("limits that the runtime itself could not work under", [root, buncOnly], async (box) => {
  for (const [type, limit] of [
    ["STACK", 512 << 10],
    ["AS", 32 << 20],
    ["DATA", 16 << 20],
    ["NPROC", 1],
    ["NOFILE", 4],
    ["FSIZE", 1 << 20],
    ["MEMLOCK", 0],
  ] as const) {
    const { self } = await box.report(["self"], (config) => {
      config.process.rlimits = [{ type: `RLIMIT_${type}`, soft: limit, hard: limit }];
    });
    expect([type, self.rlimits[type]]).toEqual([type, { soft: `${limit}`, hard: `${limit}` }]);
  }
  // Too little for the probe's report.
  const small = box.probe(["exit:7"], (config) => {
    config.process.rlimits = [{ type: "RLIMIT_STACK", soft: 64 << 10, hard: 64 << 10 }];
  });
  expect((await box.run(small)).status).toBe(7);
});

scenario("fewer descriptors than it takes to wait for start", [root, buncOnly], async (box) => {
  for (const limit of [0, 3, 4, 5]) {
    const bundle = box.probe(["exit:0"], (config) => {
      config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: limit, hard: limit }];
    });
    const id = await box.create(bundle);
    await box.must(["start", id]);
    await box.waitFor(id, "stopped");
    expect((await box.run(bundle)).status).toBe(0);
  }
});

scenario("limits apply every time, even when many containers start at once", [root], async (box) => {
  const stack = { soft: String(1 << 20), hard: String(1 << 22) };
  const bundle = box.probe(["self"], (config) => {
    config.process.rlimits = limits;
  });
  for (let round = 0; round < 8; round++) {
    const reports = await Promise.all(Array.from({ length: 5 }, () => box.reportOf(bundle)));
    for (const { self } of reports) expect(self.rlimits["STACK"]).toEqual(stack);
  }
});

scenario("limits that are not configured are the caller's", [root], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process.rlimits = [];
  });
  // Bun raises its own soft limit of open files; the container must get the caller's.
  const shell = Bun.spawnSync(["sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -Sc"])
    .stdout.toString()
    .split("\n");
  expect(self.rlimits["NOFILE"]?.hard).toBe(shell[1] as string);
  expect(self.rlimits["CORE"]?.soft).toBe(String(Number(shell[2])));
});

scenario(
  "a soft limit of open files below the hard one reaches the container",
  [root, notIn("runc", "Go raises it and 1.1.5 does not restore it")],
  async (box) => {
    const bundle = box.probe(["self"], (config) => {
      config.process.rlimits = [];
    });
    const wrapper = ["sh", "-c", 'ulimit -Sn 333; "$@"; exit $?', "sh"];
    const { self } = await box.reportOf(bundle, [], { wrapper });
    expect(self.rlimits["NOFILE"]?.soft).toBe("333");
  },
);

scenario("oomScoreAdj", [root], async (box) => {
  const report = await box.report(["read:/proc/self/oom_score_adj"], (config) => {
    config.process.oomScoreAdj = 321;
  });
  expect(report.read("/proc/self/oom_score_adj").trim()).toBe("321");
});

scenario("without oomScoreAdj the value is the caller's", [root], async (box) => {
  const report = await box.report(["read:/proc/self/oom_score_adj"]);
  expect(report.read("/proc/self/oom_score_adj")).toBe(await Bun.file("/proc/self/oom_score_adj").text());
});

scenario("signals: nothing blocked, nothing ignored", [root], async (box) => {
  const { self } = await box.report(["self"]);
  expect(self.blockedSignals).toEqual([]);
  expect(self.ignoredSignals).toEqual([]);
});

scenario("a session keyring of its own, named after the container", [root], async (box) => {
  const id = box.id();
  const bundle = box.probe(["self"]);
  const result = await box.must(["run", "--bundle", bundle.directory, id]);
  const inside = JSON.parse(result.stdout)[0].sessionKeyring;
  if (inside.description === undefined) expect(["EACCES", "ENOSYS", "ENOKEY", "ok"]).toContain(inside.errno);
  else expect(inside.description).toContain(`_ses.${id}`);
});

scenario("a time slack, parent death signal and subreaper of an ordinary process", [root], async (box) => {
  const { self } = await box.report(["self"]);
  expect(self.parentDeathSignal).toBe(0);
  expect(self.childSubreaper).toBe(false);
  expect(self.timerSlackNs).toBe(50000);
  expect(self.securebits).toBe(0);
});

scenario("sysctl of the container's namespaces", [root], async (box) => {
  const report = await box.report(
    [
      "read:/proc/sys/net/ipv4/ip_forward",
      "read:/proc/sys/kernel/shm_rmid_forced",
      "read:/proc/sys/fs/mqueue/queues_max",
    ],
    (config) => {
      config.linux.sysctl = {
        "net.ipv4.ip_forward": "1",
        "kernel.shm_rmid_forced": "1",
        "fs.mqueue.queues_max": "77",
      };
    },
  );
  expect(report.read("/proc/sys/net/ipv4/ip_forward").trim()).toBe("1");
  expect(report.read("/proc/sys/kernel/shm_rmid_forced").trim()).toBe("1");
  expect(report.read("/proc/sys/fs/mqueue/queues_max").trim()).toBe("77");
});

scenario("domainname", [root, notIn("runc", "domainname came with 1.2")], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.domainname = "example.test";
  });
  expect(self.domainname).toBe("example.test");
});

scenario("personality LINUX32", [root, notIn("runc", "personality came with 1.2")], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.linux["personality"] = { domain: "LINUX32" };
  });
  expect(self.personality).toBe(8);
});

scenario("scheduler and io priority", [root, notIn("runc", "both came with 1.2")], async (box) => {
  const { self } = await box.report(["self"], (config) => {
    config.process["scheduler"] = { policy: "SCHED_BATCH", nice: 7 };
    config.process["ioPriority"] = { class: "IOPRIO_CLASS_BE", priority: 6 };
  });
  expect(self.scheduler).toMatchObject({ policy: 3, nice: 7 });
  expect([self.ioPriorityClass, self.ioPriority]).toEqual([2, 6]);
});

scenario(
  "the last of several equal environment variables counts",
  [root, notIn("runc", "1.1.5 keeps all")],
  async (box) => {
    const { self } = await box.report(["self"], (config) => {
      config.process.env = ["A=1", "B=2", "A=3"];
    });
    expect(self.env.filter((entry) => entry.startsWith("A="))).toEqual(["A=3"]);
  },
);

const statuses: { actions: string[]; status: number }[] = [
  { actions: ["exit:0"], status: 0 },
  { actions: ["exit:1"], status: 1 },
  { actions: ["exit:42"], status: 42 },
  { actions: ["exit:255"], status: 255 },
];

for (const { actions, status } of statuses) {
  scenario(`run ends with the process's status ${status}`, [root], async (box) => {
    expect((await box.run(box.probe(actions))).status).toBe(status);
  });
}

scenario("memoryPolicy", [root, notIn("runc", "memory policies came with 1.4")], async (box) => {
  const interleave = 3;
  const { self } = await box.report(["self"], (config) => {
    config.linux["memoryPolicy"] = { mode: "MPOL_INTERLEAVE", nodes: "0" };
  });
  expect(self.memoryPolicy & 0xff).toBe(interleave);
});
