/** `doctor --engine`: what is missing for an engine to use bunc. */

import type { Finding } from "../finding.ts";
import { findContainerd } from "./containerd.ts";
import { findDocker } from "./docker.ts";
import type { Engine, EngineFacts } from "./facts.ts";
import { findPodman } from "./podman.ts";

const FINDERS: Readonly<Record<Engine, (facts: EngineFacts) => Finding[]>> = {
  docker: findDocker,
  containerd: findContainerd,
  podman: findPodman,
};

export function findEngineConfiguration(engine: Engine, facts: EngineFacts): Finding[] {
  return FINDERS[engine](facts);
}
