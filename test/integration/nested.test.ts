/** bunc in a bunc container in a bunc container: three levels below the host. */
import { expect } from "bun:test";
import { chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import { addNamespace, addUserNamespace, type Config, mountOf } from "../harness/config.ts";
import { rootless } from "../harness/ordinary-user.ts";
import type { Report } from "../harness/probe.ts";
import { root, userNamespaces } from "../harness/requirements.ts";
import type { Bundle, Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** Everything that the runtime needs from the host, in a container that may act as a runtime. */
function host(box: Sandbox, config: Config): void {
  config.root.readonly = false;
  for (const directory of ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc"]) {
    config.mounts.push({ destination: directory, source: directory, options: ["rbind", "ro"] });
  }
  config.mounts.push(
    { destination: "/run", type: "tmpfs", source: "tmpfs", options: ["mode=755"] },
    // The bundles have the same path on every level.
    { destination: box.directory, source: box.directory, options: ["rbind"] },
  );
  const all = ownCapabilities();
  config.process.capabilities = { bounding: all, effective: all, permitted: all };
  config.process.noNewPrivileges = false;
  config.process.rlimits = [];
  // The kernel allows a new procfs only if nothing covers a part of the present one.
  config.linux.maskedPaths = [];
  config.linux.readonlyPaths = [];
}

const CAPABILITIES =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE".split(
    " ",
  );

/** The capabilities that this machine's root has. */
function ownCapabilities(): string[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1]}`);
  return CAPABILITIES.filter((_, number) => (bounding >> BigInt(number)) & 1n).map((name) => `CAP_${name}`);
}

/** A place where every user may execute the runtime; its own directory may be in root's home, closed to others. */
function ownRuntime(box: Sandbox): string {
  const path = box.path("runtime");
  if (!existsSync(path)) copyFileSync(box.runtime.path, path);
  return path;
}

/** A process that runs `inner` with the runtime in its container. */
function runs(box: Sandbox, config: Config, inner: Bundle): void {
  const flags = ["--root", "/run/inner"];
  config.process.args = [ownRuntime(box), ...flags, "run", "--bundle", inner.directory, box.id()];
}

function expectThreeLevels(report: Report): void {
  expect(report.self.pid).toBe(1);
  expect(report.self.hostname).toBe("container");
  for (const type of ["pid", "mnt", "ipc", "uts"]) {
    expect([type, report.namespaces[type]]).not.toEqual([type, readlinkSync(`/proc/self/ns/${type}`)]);
  }
  // NSpid lists the process's pid on each level visible from here; from its own level there is one.
  expect(report.status("NSpid")).toBe("1");
}

const actions = ["self", "namespaces", "read:/proc/self/status", "read:/proc/self/uid_map"];

function withCgroups(config: Config): void {
  addNamespace(config, "cgroup");
  const cgroup = mountOf(config, "/sys/fs/cgroup");
  cgroup.options = (cgroup.options ?? []).filter((option) => option !== "ro");
  mountOf(config, "/sys").options = ["nosuid", "noexec", "nodev"];
}

scenario("as root", [root], async (box) => {
  const innermost = box.probe(actions, withCgroups);
  const middle = box.bundle((config) => {
    host(box, config);
    withCgroups(config);
    runs(box, config, innermost);
  });
  const outer = box.bundle((config) => {
    host(box, config);
    withCgroups(config);
    runs(box, config, middle);
  });
  const report = await box.reportOf(outer);
  expectThreeLevels(report);
  expect(report.self.uids).toEqual([0, 0, 0]);
});

scenario("as root, with a user namespace on every level", [root, userNamespaces], async (box) => {
  const own = (config: Config, size: number) => {
    addUserNamespace(config);
    config.linux.uidMappings = [{ containerID: 0, hostID: 0, size }];
    config.linux.gidMappings = [{ containerID: 0, hostID: 0, size }];
    delete config.linux.resources;
  };
  const innermost = box.probe(actions, (config) => own(config, 100));
  const middle = box.bundle((config) => {
    host(box, config);
    own(config, 1000);
    runs(box, config, innermost);
    config.process.env.push("XDG_RUNTIME_DIR=/run");
  });
  const outer = box.bundle((config) => {
    host(box, config);
    own(config, 65536);
    runs(box, config, middle);
    config.process.env.push("XDG_RUNTIME_DIR=/run");
  });
  const report = await box.reportOf(outer);
  expectThreeLevels(report);
  expect(report.read("/proc/self/uid_map").trim().split(/\s+/)).toEqual(["0", "0", "100"]);
});

rootless("by an ordinary user", [], async (user, box) => {
  const own = (config: Config) => {
    config.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 1 }];
    config.linux.gidMappings = [{ containerID: 0, hostID: 0, size: 1 }];
  };
  const innermost = user.probe(actions, own);
  const middle = user.probe([], (config) => {
    host(box, config);
    own(config);
    runs(box, config, innermost);
  });
  const outer = user.probe([], (config) => {
    host(box, config);
    runs(box, config, middle);
  });
  for (const bundle of [middle, outer]) {
    // Mount points in a root file system that the user owns.
    mkdirSync(`${bundle.rootfs}/usr`, { recursive: true });
    chownSync(`${bundle.rootfs}/usr`, user.uid, user.gid);
  }
  const report = await user.report(outer);
  expectThreeLevels(report);
  expect(report.self.uids).toEqual([0, 0, 0]);
});
