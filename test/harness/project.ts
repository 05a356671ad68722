import { resolve } from "node:path";

/** The root of the repository. */
export const projectRoot = resolve(import.meta.dir, "../..");
