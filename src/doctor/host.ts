/** Privileges, security modules, user namespaces and programs. Pure. */

import type { StartKind } from "../host/start-record.ts";
import { CAP } from "../native/boundary.gen.ts";
import type { DoctorFacts } from "./facts.ts";
import { type Finding, finding, stated } from "./finding.ts";

/** Capabilities that root may lack in a container, with what is lost. */
const CAPABILITIES: readonly (readonly [name: keyof typeof CAP, required: boolean, without: string])[] = [
  ["SYS_ADMIN", true, "no namespace can be made, nothing can be mounted"],
  ["SETUID", true, "containers cannot change to their user"],
  ["SETGID", true, "containers cannot change to their groups"],
  ["SETPCAP", true, "capabilities cannot be taken out of the bounding set"],
  ["NET_ADMIN", false, "network devices cannot be moved into containers"],
  ["MKNOD", false, "devices are bound from the host instead of being made"],
  ["DAC_OVERRIDE", false, "files of other users in a root file system cannot be reached"],
  ["SYS_RESOURCE", false, "hard limits of process.rlimits cannot be raised, oomScoreAdj not lowered"],
  ["BPF", false, "device rules on cgroup v2 need CAP_SYS_ADMIN instead"],
];

export function findPrivileges({ host, capabilities }: DoctorFacts): Finding[] {
  if (host.euid !== 0) {
    return [
      stated("privileges", "user", `uid ${host.euid}: rootless, everything happens in a user namespace`),
    ];
  }
  const missing = CAPABILITIES.filter(([name]) => (capabilities & (1n << BigInt(CAP[name]))) === 0n);
  if (missing.length === 0) {
    const where = host.inUserNamespace ? " of a user namespace" : "";
    return [stated("privileges", "capabilities", `root${where}, with all that is needed`)];
  }
  return missing.map(([name, required, without]) =>
    finding("privileges", `CAP_${name}`, {
      ok: false,
      found: "not in the effective set",
      without,
      fix: `bunc runs in a container or service without it: add CAP_${name} there`,
      required,
    }),
  );
}

export function findSecurity({ host, seccompActions, securityModules }: DoctorFacts): Finding[] {
  const hasNotify = seccompActions.includes("user_notif");
  return [
    finding("security", "seccomp", {
      ok: seccompActions.length > 0,
      found: seccompActions.join(" ") || "no /proc/sys/kernel/seccomp",
      without: "a configuration with linux.seccomp fails",
      fix: "a kernel built with CONFIG_SECCOMP_FILTER",
    }),
    finding("security", "seccomp notify", {
      ok: hasNotify,
      found: hasNotify ? "user_notif" : "not among the actions",
      without: "SCMP_ACT_NOTIFY fails",
      fix: "a kernel of 5.0 or newer with CONFIG_SECCOMP_FILTER",
    }),
    stated("security", "modules", securityModules.join(", ") || "unknown (securityfs is not mounted)"),
    finding("security", "AppArmor", {
      ok: host.apparmor,
      found: host.apparmor ? "enabled" : "not enabled",
      without: "process.apparmorProfile is refused; containers are confined without it",
      fix: "boot with lsm=…,apparmor (or leave apparmorProfile out)",
    }),
    finding("security", "SELinux", {
      ok: host.selinux,
      found: host.selinux ? "selinuxfs is mounted" : "not enabled",
      without: "process.selinuxLabel is refused, mounts with a label fail",
      fix: "boot with lsm=…,selinux (or leave the labels out)",
    }),
  ];
}

export function findUserNamespaces(facts: DoctorFacts): Finding[] {
  const { host, userNamespaces, subordinateIds, programs, user } = facts;
  const isRootless = host.euid !== 0;
  const obstacle = obstacleOf(userNamespaces);
  const helpers = programs.newuidmap !== "" && programs.newgidmap !== "";
  const ids = subordinateIds.uid && subordinateIds.gid;
  return [
    finding("user namespaces", "available", {
      ok: obstacle === undefined || (!isRootless && !obstacle.forRoot),
      found: obstacle?.found ?? `at most ${userNamespaces.max}`,
      without: isRootless ? "no container can run as this user" : "containers cannot have user namespaces",
      fix: obstacle?.fix ?? "",
      required: isRootless,
    }),
    finding("user namespaces", "id map helpers", {
      ok: helpers,
      found: helpers
        ? `${programs.newuidmap}, ${programs.newgidmap}`
        : `${programs.newuidmap === "" ? "newuidmap" : "newgidmap"} is not on PATH`,
      without: isRootless
        ? "containers of this user have only the user's own id"
        : "ordinary users' containers have only the user's own id",
      fix: "install the package uidmap (Debian) or shadow-utils (Fedora)",
    }),
    finding("user namespaces", "subordinate ids", {
      ok: !isRootless || ids,
      found: !isRootless
        ? "root needs none"
        : ids
          ? "in /etc/subuid and /etc/subgid"
          : `${user} has no line in /etc/subuid or /etc/subgid`,
      without: "containers of this user have only the user's own id",
      fix: `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`,
    }),
  ];
}

/** What is in the way of new user namespaces, for root too or for other users only. */
function obstacleOf({ max, switchedOff, restrictedByApparmor }: DoctorFacts["userNamespaces"]) {
  if (max === undefined) {
    return { forRoot: true, found: "the kernel has none", fix: "a kernel built with CONFIG_USER_NS" };
  }
  if (max === 0) {
    const fix = "sysctl user.max_user_namespaces=10000";
    return { forRoot: true, found: "user.max_user_namespaces is 0", fix };
  }
  if (switchedOff) {
    const fix = "sysctl kernel.unprivileged_userns_clone=1";
    return { forRoot: false, found: "kernel.unprivileged_userns_clone is 0", fix };
  }
  if (!restrictedByApparmor) return undefined;
  return {
    forRoot: false,
    found: "kernel.apparmor_restrict_unprivileged_userns is 1",
    fix: "an AppArmor profile for bunc with the rule userns, or sysctl kernel.apparmor_restrict_unprivileged_userns=0",
  };
}

export function findPrograms(facts: DoctorFacts): Finding[] {
  const { programs, systemd, systemBus, userBus, host } = facts;
  const isRootless = host.euid !== 0;
  const bus = isRootless ? userBus : systemBus;
  const program = (name: "criu" | "ps", without: string, fix: string): Finding =>
    finding("programs", name, {
      ok: programs[name] !== "",
      found: programs[name] || "not on PATH",
      without,
      fix,
    });
  return [
    finding("programs", "systemd", {
      ok: systemd,
      found: systemd ? "is pid 1" : "is not pid 1",
      without: "--systemd-cgroup",
      fix: "use the cgroupfs driver, which is the default",
    }),
    finding("programs", isRootless ? "user D-Bus" : "system D-Bus", {
      ok: bus !== "",
      found: bus || "its socket is not there",
      without: "--systemd-cgroup",
      fix: isRootless
        ? "install dbus-user-session and log in again, or loginctl enable-linger"
        : "start dbus, or use the cgroupfs driver",
    }),
    ...(isRootless
      ? [
          finding("programs", "XDG_RUNTIME_DIR", {
            ok: facts.xdgRuntimeDirectory !== "",
            found: facts.xdgRuntimeDirectory || "not set",
            without: "the state directory has to be given with --root",
            fix: "log in through PAM (pam_systemd), or give --root",
          }),
        ]
      : []),
    program("criu", "checkpoint and restore", "install the package criu"),
    program("ps", "ps prints no table, only JSON", "install the package procps"),
  ];
}

/** How bunc itself started (docs/decisions/0007-image.md). */
const WHY_NOT: Readonly<Record<Exclude<StartKind, "image">, readonly [found: string, fix: string]>> = {
  none: ["this executable was built without an image", "a build that says nothing of a missing image"],
  asked: ["the normal one: the environment has BUNC_START=normal", "unset BUNC_START"],
  processor: [
    "the normal one: this processor lacks what the image was made with",
    "a build on a machine like this one",
  ],
  page_size: ["the normal one: memory has pages of another size here", "a build on a machine like this one"],
  memory: [
    "the normal one: the memory of the image cannot be mapped",
    "a higher limit of the address space (ulimit -v)",
  ],
  recording: ["the one of which the image is taken", "the executable that the build made of it"],
};

/** Run from its sources, bunc has no start record. */
export function findStart({ start }: DoctorFacts): Finding[] {
  if (start === undefined) return [];
  if (start === "image") return [stated("programs", "start", "from its image")];
  const [found, fix] = WHY_NOT[start];
  const without = "each command starts slower; all else is the same";
  return [finding("programs", "start", { ok: false, found, without, fix })];
}
