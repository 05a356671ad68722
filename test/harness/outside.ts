/** Files that a misled runtime could have created on the host. */
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { hierarchies } from "./cgroup-hierarchies.ts";
import { projectRoot } from "./project.ts";
import { sandboxName } from "./run-name.ts";

/** Every name in the places where such a file would appear; what sandboxes contain is checked elsewhere. */
function outside(): string[] {
  const cgroups = hierarchies().map(({ mountPoint }) => mountPoint);
  return ["/", projectRoot, homedir(), ...cgroups].flatMap((place) =>
    readdirSync(place)
      .filter((name) => !sandboxName.test(name))
      .map((name) => `${place}/${name}`),
  );
}

/** → a function that returns the names that have appeared since. */
export function watchOutside(): () => string[] {
  const before = new Set(outside());
  return () => outside().filter((name) => !before.has(name));
}
