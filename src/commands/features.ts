/** `features`: what this runtime supports (OCI runtime specification, features.md). */

import { isKnownArchitecture } from "../container/seccomp.ts";
import { currentHost } from "../host/current.ts";
import { type KernelVersion, kernelAtLeast } from "../host/host.ts";
import { capabilityNames } from "../kernel/capability.ts";
import { MEMORY_POLICY_FLAG, MEMORY_POLICY_MODE, wordsIn } from "../kernel/scheduling.ts";
import type { Features } from "../oci/features.ts";
import { HOOK_KINDS } from "../oci/hooks.ts";
import { NAMESPACE_TYPES } from "../oci/linux.ts";
import { knownMountOptions } from "../oci/resolved/mount-options.ts";
import { SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES, SECCOMP_FLAGS, SECCOMP_OPERATORS } from "../oci/seccomp.ts";
import type { Handler } from "../verbs/verbs.ts";
import { BUNC_VERSION, COMMIT, OCI_VERSION, RUNC_VERSION } from "../version.ts";

export const run: Handler<"features"> = () => {
  console.log(JSON.stringify(features(currentHost().kernel), null, 4));
  return 0;
};

/** Everything is about the runtime, whatever this host has, except the seccomp flags: features-linux.md. */
export function features(kernel: KernelVersion): Features {
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: OCI_VERSION,
    hooks: [...HOOK_KINDS],
    mountOptions: knownMountOptions(),
    linux: {
      namespaces: [...NAMESPACE_TYPES].sort(),
      capabilities: capabilityNames(),
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: true },
      seccomp: {
        enabled: true,
        actions: [...SECCOMP_ACTIONS].sort(),
        operators: [...SECCOMP_OPERATORS].sort(),
        archs: SECCOMP_ARCHITECTURES.filter(isKnownArchitecture).sort(),
        knownFlags: [...SECCOMP_FLAGS].sort(),
        supportedFlags: SECCOMP_FLAGS.filter((flag) => isSupported(flag, kernel)).sort(),
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      memoryPolicy: { modes: wordsIn(MEMORY_POLICY_MODE), flags: wordsIn(MEMORY_POLICY_FLAG) },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    annotations: {
      "bunc.version": BUNC_VERSION,
      "org.opencontainers.runc.checkpoint.enabled": "true",
      "org.opencontainers.runc.commit": COMMIT,
      "org.opencontainers.runc.version": RUNC_VERSION,
    },
    potentiallyUnsafeConfigAnnotations: ["bundle", "org.systemd.property.", "org.criu.config"],
  };
}

/** seccomp(2): the others are older than the oldest supported kernel. */
function isSupported(flag: string, kernel: KernelVersion): boolean {
  return flag !== "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" || kernelAtLeast(kernel, 5, 19);
}
