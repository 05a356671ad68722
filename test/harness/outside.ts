/** What a runtime that was led astray could have made on the host. */
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { hierarchies } from "./cgroup-hierarchies.ts";
import { projectRoot } from "./project.ts";
import { sandboxName } from "./run-name.ts";

/** Every name where one would be found that ought not to be there; what sandboxes have is looked for elsewhere. */
function outside(): string[] {
  const cgroups = hierarchies().map(({ mountPoint }) => mountPoint);
  return ["/", projectRoot, homedir(), ...cgroups].flatMap((place) =>
    readdirSync(place)
      .filter((name) => !sandboxName.test(name))
      .map((name) => `${place}/${name}`),
  );
}

/** → a function for later: what there is that was not there before. */
export function watchOutside(): () => string[] {
  const before = new Set(outside());
  return () => outside().filter((name) => !before.has(name));
}
