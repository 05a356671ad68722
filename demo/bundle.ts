/** The demo's bundle: a root file system that needs no image, and its config.json. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig, type Mount } from "../test/harness/config.ts";
import { probePath } from "../test/harness/probe.ts";

/** Where the container finds the probe: a directory that every Linux system has. */
const probeTarget = "/mnt/probe";

/** An ordinary user's container has a user namespace, in which that user is root, and no cgroup of its own. */
const isOrdinaryUser = process.getuid?.() !== 0;

interface Prepared {
  /** A description of the root file system. */
  description: string;
  /** The overlay's upper directory; undefined if the fallback was used. */
  overlay: string | undefined;
}

/** Mounts an overlay of the host's root in this process's mount namespace. → the upper directory, or the reason for a failure. */
function mountOverlay(bundle: string): { upper: string } | { refused: string } {
  if (isOrdinaryUser) return { refused: "only root can mount one" };
  const layers = join(bundle, "layers");
  mkdirSync(layers);
  const mount = (...args: string[]) => Bun.spawnSync(["mount", ...args], { stderr: "pipe" });
  // Not every file system can hold an upper directory (an overlay cannot, for example); a tmpfs can.
  const tmpfs = mount("-t", "tmpfs", "-o", "size=16m,mode=755", "tmpfs", layers);
  if (!tmpfs.success) return { refused: tmpfs.stderr.toString().trim() };
  const [upper, work] = [join(layers, "upper"), join(layers, "work")];
  mkdirSync(upper);
  mkdirSync(work);
  const options = `lowerdir=/,upperdir=${upper},workdir=${work}`;
  const overlay = mount("-t", "overlay", "-o", options, "overlay", join(bundle, "rootfs"));
  return overlay.success ? { upper } : { refused: overlay.stderr.toString().trim() };
}

export function prepareBundle(bundle: string, actions: string[]): Prepared {
  const rootfs = join(bundle, "rootfs");
  mkdirSync(rootfs);
  const result = mountOverlay(bundle);
  mkdirSync(join(rootfs, "mnt"), { recursive: true });
  copyFileSync(probePath(), join(rootfs, probeTarget));
  writeFileSync(join(bundle, "config.json"), JSON.stringify(configuration(actions), null, 2));
  return "upper" in result
    ? { description: "an overlay over this host's own root", overlay: result.upper }
    : { description: `one static program (no overlay here: ${result.refused})`, overlay: undefined };
}

/** The usual mounts and a /tmp. An ordinary user has no cgroup to show, and no group 5 for terminals. */
function mounts(): Mount[] {
  const usual = defaultConfig().mounts;
  const own = isOrdinaryUser
    ? usual
        .filter(({ type }) => type !== "cgroup")
        .map((mount) => ({ ...mount, options: mount.options?.filter((option) => option !== "gid=5") ?? [] }))
    : usual;
  const options = ["nosuid", "nodev", "mode=1777", "size=16m"];
  return [...own, { destination: "/tmp", type: "tmpfs", source: "tmpfs", options }];
}

function configuration(actions: string[]) {
  const capabilities = ["CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE"];
  const types = ["pid", "network", "ipc", "uts", "mount", "cgroup", ...(isOrdinaryUser ? ["user"] : [])];
  const mapping = (id: number) => [{ containerID: 0, hostID: id, size: 1 }];
  return {
    ociVersion: "1.3.0",
    hostname: "bunc-demo",
    root: { path: "rootfs" },
    process: {
      user: { uid: 0, gid: 0 },
      args: [probeTarget, ...actions],
      env: ["PATH=/usr/bin:/bin", "GREETING=hello from config.json"],
      cwd: "/",
      noNewPrivileges: true,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 1024 }],
      oomScoreAdj: 100,
    },
    mounts: mounts(),
    linux: {
      namespaces: types.map((type) => ({ type })),
      ...(isOrdinaryUser
        ? { uidMappings: mapping(process.getuid?.() ?? 0), gidMappings: mapping(process.getgid?.() ?? 0) }
        : {}),
      ...(isOrdinaryUser ? {} : { resources: { memory: { limit: 64 * 1024 * 1024 }, pids: { limit: 32 } } }),
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        architectures: [process.arch === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64"],
        syscalls: [
          {
            names: ["mount", "umount2", "ptrace", "kexec_load", "bpf"],
            action: "SCMP_ACT_ERRNO",
            errnoRet: 1,
          },
        ],
      },
      maskedPaths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}
