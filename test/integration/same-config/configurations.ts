/** Configurations as engines write them, to which the changes are applied. */
import {
  criContainer,
  crio,
  criPrivileged,
  criSandbox,
  criUserNamespace,
  ctr,
  nerdctl,
} from "./containerd.ts";
import { buildkit, dockerLimits, dockerPrivileged, dockerRemap, dockerRun } from "./docker.ts";
import { batch, garden, linuxkit, nspawn, runcSpec, runcSpecRootless, umoci } from "./others.ts";
import type { JsonObject } from "./pieces.ts";
import { buildah, podmanOptions, podmanRootless, podmanRun } from "./podman.ts";

/** Name → the configuration of a bundle in a directory. */
export const configurations: Record<string, (directory: string) => JsonObject> = {
  "docker run": dockerRun,
  "docker run, privileged": dockerPrivileged,
  "docker run, with limits": dockerLimits,
  "docker run, user namespace": dockerRemap,
  BuildKit: buildkit,
  "ctr run": ctr,
  "nerdctl run": nerdctl,
  "CRI: sandbox": criSandbox,
  "CRI: container": criContainer,
  "CRI: privileged": criPrivileged,
  "CRI: user namespace": criUserNamespace,
  "CRI-O": crio,
  "podman run": podmanRun,
  "podman run, rootless": podmanRootless,
  "podman run, with options": podmanOptions,
  "buildah run": buildah,
  "runc spec": runcSpec,
  "runc spec, rootless": runcSpecRootless,
  umoci,
  LinuxKit: linuxkit,
  "systemd-nspawn": nspawn,
  garden,
  batch,
};
