/**
 * The facts that this process has read. The module exists once (build/parts.ts), so that the whole program
 * reads them once, and a process that starts from the image of another forgets them (src/image.ts).
 */
import type { HostFacts } from "./host.ts";

export const found: { host?: HostFacts | undefined } = {};
