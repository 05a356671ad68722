/** `exec --cgroup`: one path (cgroup v2), or several controller[,controller]:path (cgroup v1). */

import { RuntimeError } from "../failure/errors.ts";

/**
 * Controller → path below the container's cgroup; the key "" stands for cgroup v2.
 * Whether the path stays below it is checked where it is resolved. Throws RuntimeError with runc's texts.
 */
export function parseSubCgroups(values: readonly string[]): Map<string, string> {
  const paths = new Map<string, string>();
  for (const value of values) {
    const colon = value.indexOf(":");
    if (colon === -1) {
      if (values.length !== 1) {
        throw new RuntimeError(`invalid --cgroup argument: ${value} (missing <controller>: prefix)`);
      }
      paths.set("", value);
      continue;
    }
    for (const controller of value.slice(0, colon).split(",")) {
      if (controller === "") {
        throw new RuntimeError(`invalid --cgroup argument: ${value} (empty <controller> prefix)`);
      }
      if (paths.has(controller)) {
        throw new RuntimeError(
          `invalid --cgroup argument(s): controller ${controller} specified multiple times`,
        );
      }
      paths.set(controller, value.slice(colon + 1));
    }
  }
  return paths;
}
