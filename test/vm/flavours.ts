import type { ArchitectureName } from "./architectures.ts";

// What each test machine consists of; `images.ts` builds it, `machine.ts` starts it.

/** A Debian distribution: the release that this host itself runs, or unstable from the same mirror. */
export type Distribution = "host" | "sid";
export type FlavourName = "minimal" | "systemd" | "clients" | "selinux" | "judges" | "arm64";

export interface Flavour {
  /** x64 when undefined. Of another one nothing runs while its root is made: packages are unpacked, not configured. */
  readonly architecture?: ArchitectureName;
  readonly distribution: Distribution;
  readonly kernel: Distribution;
  readonly systemd: boolean;
  readonly packages: readonly string[];
  /** Beside those of every machine. */
  readonly kernelOptions?: readonly string[];
  /** Commands of a shell that make a booted machine ready, beside those of every machine. */
  readonly preparation?: readonly string[];
  /** Packages whose files alone are wanted: what they depend on would be two gigabytes. */
  readonly unpacked?: readonly string[];
}

const runtimes = ["busybox-static", "crun", "iproute2", "kmod", "procps", "runc", "uidmap"];
/** What a shell and the tests call, named one by one: an unpacked root has no essential packages by itself. */
const unconfigured = [
  ...runtimes,
  ...[
    "base-files",
    "base-passwd",
    "bash",
    "coreutils",
    "dash",
    "findutils",
    "grep",
    "hostname",
    "libc-bin",
    "login",
    "mount",
  ],
  ...["passwd", "sed", "tar", "util-linux"],
];
const systemd = ["dbus", "dbus-user-session", "libpam-systemd", "systemd", "systemd-sysv"];
const clients = [
  "aardvark-dns",
  "apparmor",
  "buildah",
  "conmon",
  "containerd",
  "containernetworking-plugins",
  "criu",
  "curl",
  "docker-buildx",
  "docker-cli",
  "docker.io",
  "fuse-overlayfs",
  "iptables",
  "netavark",
  "nftables",
  "passt",
  "podman",
  "protobuf-compiler",
  "slirp4netns",
];

/** What runc's own suite and OCI's call, beside the runtime. */
const judges = ["bats", "criu", "gawk", "gcc", "iptables", "jq", "libc6-dev", "sudo", "xz-utils"];

export const flavours: Readonly<Record<FlavourName, Flavour>> = {
  minimal: { distribution: "host", kernel: "host", systemd: false, packages: runtimes },
  systemd: { distribution: "sid", kernel: "sid", systemd: true, packages: [...runtimes, ...systemd] },
  clients: {
    distribution: "sid",
    kernel: "sid",
    systemd: true,
    packages: [...runtimes, ...systemd, ...clients],
    unpacked: ["golang-k8s-cri-api-dev"],
  },
  selinux: {
    distribution: "host",
    kernel: "host",
    systemd: false,
    packages: [...runtimes, "criu", "iptables", "policycoreutils", "selinux-policy-default"],
    // Permissive: nothing of this small system is labelled. What the kernel does with labels is the same.
    kernelOptions: ["security=selinux", "selinux=1", "enforcing=0"],
    preparation: ["mount -t selinuxfs selinuxfs /sys/fs/selinux", "load_policy"],
  },
  arm64: {
    architecture: "arm64",
    distribution: "host",
    kernel: "host",
    systemd: false,
    packages: unconfigured,
  },
  judges: {
    distribution: "sid",
    kernel: "sid",
    systemd: true,
    packages: [...runtimes, ...systemd, ...judges],
  },
};

/** The ordinary user of every flavour, with subordinate ids and, where systemd runs, a lingering session. */
export const guestUser = { name: "tester", uid: 1000, gid: 1000 } as const;

/** Modules that the initramfs loads to reach the disks and the agent's port. */
export const bootModules = ["virtio_pci", "virtio_blk", "virtio_console"];

/** Modules that a host's own services would have loaded: containers cannot load them for themselves. */
export const sessionModules = [
  "overlay",
  "loop",
  "bridge",
  "br_netfilter",
  "veth",
  "dummy",
  "bfq",
  "fuse",
  "tun",
];
