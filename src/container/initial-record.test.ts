import { expect, test } from "bun:test";
import { parseConfig } from "../oci/config.ts";
import { resolveConfig } from "../oci/resolved/config.ts";
import { parseRecord, serializeRecord } from "../state/record.ts";
import { initialRecord, namespacePaths } from "./initial-record.ts";

const checked = parseConfig(
  JSON.stringify({
    ociVersion: "1.0.2",
    root: { path: "rootfs" },
    process: { args: ["sh"], cwd: "/", terminal: true },
    hostname: "h",
    annotations: { a: "b" },
    mounts: [{ destination: "/proc" }],
    linux: {
      cgroupsPath: "/x",
      namespaces: [{ type: "pid" }, { type: "network", path: "/run/netns/n" }],
    },
  }),
);
const config = resolveConfig(checked, "/b");
const facts = {
  driver: "systemd",
  rootless: true,
  cgroupPaths: { "": "/sys/fs/cgroup/x" },
  creator: { pid: 5, startTime: 6 },
  streams: ["/dev/null", "pipe:[5]", ""],
} as const;
const bundle = { path: "/b", rootfs: "/b/rootfs", checked, config, warnings: [] };

test("a new record is one that is read again, and says that create is under way", () => {
  const record = initialRecord("c", bundle, { ...facts, streams: [...facts.streams] });
  expect(parseRecord(serializeRecord(record), "state.json")).toEqual(record);
  expect(record).toMatchObject({
    init_process_pid: 0,
    cgroup_paths: { "": "/sys/fs/cgroup/x" },
    external_descriptors: ["/dev/pts/0", "/dev/pts/0", "/dev/pts/0"],
    config: { labels: ["a=b", "bundle=/b"], cgroups: { path: "/x", systemd: true, rootless: true } },
    bunc: { creating: true, creator: { pid: 5, startTime: 6 }, annotations: { a: "b" } },
  });
});

test("without a terminal the streams are the caller's", () => {
  const process = { ...config.process, terminal: false } as NonNullable<typeof config.process>;
  const record = initialRecord("c", { ...bundle, config: { ...config, process } }, facts);
  expect(record.external_descriptors).toEqual(["/dev/null", "pipe:[5]", ""]);
});

test("new namespaces are found by the process, others by their path, under the kernel's names", () => {
  expect(namespacePaths(7, config)).toEqual({ NEWPID: "/proc/7/ns/pid", NEWNET: "/run/netns/n" });
});
