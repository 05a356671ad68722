/**
 * The text output of `explain` on fictitious machines: golden/explain-*.txt. UPDATE_GOLDEN=1 rewrites the files.
 * test/integration/explain.test.ts compares its output on this machine with strace.
 */

import { afterAll, expect, test } from "bun:test";
import { explainCreate } from "../../src/explain/explain.ts";
import { explainText } from "../../src/explain/text.ts";
import { found } from "../../src/host/found.ts";
import { hostFacts } from "../../src/host/host.ts";
import type { FactsReply } from "../../src/native/boundary.gen.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import { context, hostFiles } from "./host-scenarios.ts";
import { user, v2 } from "./hosts.ts";
import { builtBefore } from "./zig-build.ts";

// biome-ignore lint/suspicious/noExplicitAny: an unchecked config, edited freely
type Edit = (config: any) => void;

const cases: [name: string, host: FactsReply, driver: "cgroupfs" | "systemd" | "disabled", edit: Edit][] = [
  ["default", v2, "cgroupfs", () => {}],
  [
    "everything",
    v2,
    "systemd",
    (config) => {
      config.process.terminal = true;
      config.process.consoleSize = { height: 24, width: 80 };
      config.process.user = { uid: 1000, gid: 100, umask: 0o27, additionalGids: [5, 6] };
      config.process.noNewPrivileges = false;
      config.process.oomScoreAdj = 100;
      config.process.scheduler = { policy: "SCHED_BATCH", nice: 5 };
      config.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 4 };
      config.domainname = "example";
      config.mounts.push(
        { destination: "/data", source: "/srv/data", options: ["rbind", "rro", "rprivate"] },
        { destination: "/copy", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "ro"] },
      );
      config.hooks = {
        createRuntime: [{ path: "/bin/network", args: ["network", "up"], timeout: 5 }],
        createContainer: [{ path: "/bin/inside" }],
        startContainer: [{ path: "/bin/last" }],
        poststart: [{ path: "/bin/after" }],
      };
      const { linux } = config;
      linux.namespaces.push({ type: "user" }, { type: "time" });
      linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
      linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
      linux.timeOffsets = { monotonic: { secs: 10 } };
      linux.sysctl = { "net.ipv4.ip_forward": "1" };
      linux.personality = { domain: "LINUX32" };
      linux.rootfsPropagation = "rshared";
      linux.resources = { memory: { limit: 33554432 }, pids: { limit: 20 } };
    },
  ],
  [
    "rootless",
    user,
    "disabled",
    (config) => {
      config.linux.resources = undefined;
      config.linux.namespaces = [
        { type: "user", path: "/proc/1/ns/user" },
        { type: "network", path: "/run/netns/a" },
        { type: "pid" },
        { type: "mount" },
      ];
      config.hostname = "";
      config.linux.seccomp = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["reboot"], action: "SCMP_ACT_ERRNO" }],
      };
    },
  ],
];

builtBefore("library");

afterAll(() => {
  found.host = undefined;
});

test.each(cases)("%s", async (name, texts, driver, edit) => {
  const text = explained(texts, driver, edit);
  const file = Bun.file(`${import.meta.dir}/golden/explain-${name}.txt`);
  if (Bun.env["UPDATE_GOLDEN"] === "1") await Bun.write(file, text);
  expect(text).toBe(await file.text());
});

test("more mounts than a call can have arguments", () => {
  const text = explained(v2, "cgroupfs", (config) => {
    for (let count = 0; count < 70_000; count++)
      config.mounts.push({ destination: `/m/${count}`, type: "tmpfs", source: "tmpfs" });
  });
  expect(text).toContain("/m/69999");
}, 120_000);

test("a seccomp agent gets its listener before the container is created", () => {
  const text = explained(v2, "cgroupfs", (config) => {
    config.linux.seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      listenerPath: "/run/agent.sock",
      syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
    };
  });
  const installed = text.indexOf("SECCOMP_FILTER_FLAG_NEW_LISTENER");
  const sent = text.indexOf("/run/agent.sock", installed);
  expect([installed > 0, sent > installed, text.indexOf("start: bunc-init") > sent]).toEqual([
    true,
    true,
    true,
  ]);
  expect(/accept4 .*/.exec(text)?.[0]).toEndWith("process.args");
  expect(/connect .*agent.sock.*/.exec(text)?.[0]).toEndWith("linux.seccomp.listenerPath");
});

function explained(facts: FactsReply, driver: "cgroupfs" | "systemd" | "disabled", edit: Edit): string {
  found.host = hostFacts(facts, {
    newuidmap: facts.euid === 0 ? null : "/usr/bin/newuidmap",
    newgidmap: facts.euid === 0 ? null : "/usr/bin/newgidmap",
    procKcore: true,
    setgroupsDenied: false,
  });
  const config = defaultSpec({ cgroupV2: true });
  edit(config);
  const { files } = hostFiles({ facts, config });
  const here = [
    // This process, whose start time is in the record.
    { path: `/proc/${process.pid}/stat`, text: `${process.pid} (bunc) S${" 1".repeat(50)}\n` },
  ];
  const request = {
    id: "c1",
    bundle: "/bundle",
    pivot: true,
    newKeyring: true,
    preserveFds: 0,
    pidFile: undefined,
    consoleSocket: config.process?.terminal === true ? "/run/console.sock" : undefined,
    pidfdSocket: undefined,
  };
  return `${explainText(explainCreate(request, { ...context, driver }, [...files, ...here]))}\n`;
}
