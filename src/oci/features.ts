/** The document of `features`. features.md and features-linux.md. */

import * as v from "valibot";
import { boolean, listOf, mapOf, nonEmptyText, struct, text } from "./primitives.ts";

const names = v.exactOptional(listOf(nonEmptyText, "an array of strings"));
const enabled = v.exactOptional(boolean);

export const FeaturesSchema = struct({
  ociVersionMin: nonEmptyText,
  ociVersionMax: nonEmptyText,
  hooks: names,
  mountOptions: names,
  linux: v.exactOptional(
    struct({
      namespaces: names,
      capabilities: names,
      cgroup: v.exactOptional(
        struct({ v1: enabled, v2: enabled, systemd: enabled, systemdUser: enabled, rdma: enabled }),
      ),
      seccomp: v.exactOptional(
        struct({
          enabled,
          actions: names,
          operators: names,
          archs: names,
          knownFlags: names,
          supportedFlags: names,
        }),
      ),
      apparmor: v.exactOptional(struct({ enabled })),
      selinux: v.exactOptional(struct({ enabled })),
      intelRdt: v.exactOptional(struct({ enabled, schemata: enabled, monitoring: enabled })),
      memoryPolicy: v.exactOptional(struct({ modes: names, flags: names })),
      mountExtensions: v.exactOptional(struct({ idmap: v.exactOptional(struct({ enabled })) })),
      netDevices: v.exactOptional(struct({ enabled })),
    }),
  ),
  annotations: v.exactOptional(mapOf(text, "an object of strings")),
  potentiallyUnsafeConfigAnnotations: names,
});
export type Features = v.InferOutput<typeof FeaturesSchema>;
