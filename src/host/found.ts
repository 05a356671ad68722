/**
 * What this process has found out about its machine: a module that exists once (build/parts.ts), so that it is asked once
 * for the whole program, and forgotten where a process starts from the image of another (src/image.ts).
 */
import type { HostFacts } from "./host.ts";

export const found: { host?: HostFacts | undefined } = {};
