/** Paths of the files that git knows or would add: what a clean clone has. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";

export const projectFiles: readonly string[] = Bun.spawnSync(
  ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
  { cwd: projectRoot },
)
  .stdout.toString()
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(projectRoot, path)));
