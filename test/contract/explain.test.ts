/** `explain` of the default specification, as text: golden/explain-*.txt. UPDATE_GOLDEN=1 writes them anew. */

import { expect, test } from "bun:test";
import { cgroupPaths } from "../../src/cgroup/paths.ts";
import { outlineCgroups } from "../../src/explain/cgroups.ts";
import { explainCreate } from "../../src/explain/explain.ts";
import { explainText } from "../../src/explain/text.ts";
import { hostFacts } from "../../src/host/host.ts";
import type { FactsReply } from "../../src/native/boundary.gen.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import { stringifyJson } from "../../src/oci/json.ts";
import { resolveConfig } from "../../src/oci/resolved/config.ts";
import { loadConfig } from "../../src/oci/validate.ts";
import { planCreate } from "../../src/plan/plan.ts";
import { createOptions } from "./create-options.ts";
import { user, v2 } from "./hosts.ts";

// biome-ignore lint/suspicious/noExplicitAny: a config before it is checked, edited freely
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

test.each(cases)("%s", async (name, texts, driver, edit) => {
  const text = explained(texts, driver, edit);
  const file = Bun.file(`${import.meta.dir}/golden/explain-${name}.txt`);
  if (Bun.env["UPDATE_GOLDEN"] === "1") await Bun.write(file, text);
  expect(text).toBe(await file.text());
});

test("more mounts than a call can have arguments", () => {
  const text = explained(v2, "cgroupfs", (config) => {
    for (let count = 0; count < 130_000; count++)
      config.mounts.push({ destination: `/m/${count}`, type: "tmpfs", source: "tmpfs" });
  });
  expect(text.length).toBeGreaterThan(130_000);
  expect(text).toContain("/m/129999");
}, 60_000);

function explained(texts: FactsReply, driver: "cgroupfs" | "systemd" | "disabled", edit: Edit): string {
  const host = hostFacts(texts);
  const raw = defaultSpec({ cgroupV2: true });
  edit(raw);
  const rootless = host.euid !== 0;
  const { value } = loadConfig(stringifyJson(raw), {
    host,
    bundle: "/bundle",
    noPivot: false,
    rootlessCgroups: rootless,
  });
  const config = resolveConfig(value, "/bundle");
  const cgroups = outlineCgroups({
    driver,
    annotations: config.annotations,
    facts: host.cgroup,
    id: "c1",
    cgroupsPath: config.linux.cgroupsPath,
    resources: config.linux.resources,
    inUserNamespace: false,
    rootless,
  });
  const { plan } = planCreate(config, host, {
    ...createOptions,
    placement: cgroups.placement,
    cgroupDirectories: new Map(Object.entries(cgroupPaths(cgroups.locations))),
    seccomp: config.linux.seccomp === undefined ? null : { program: "BgAAAAAA/38=", flags: 0 },
    start: "socket",
    startSocket: "/run/runc/c1/start.sock",
  });
  const root = { path: "/run/runc", sticky: false };
  return `${explainText({ operations: explainCreate({ config, plan, cgroups, root }), problems: [], warnings: [] })}\n`;
}
