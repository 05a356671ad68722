/**
 * A run that leaves one thing of each kind behind, for a test that kills it (runs.test.ts): prints its name, and waits.
 * TMPDIR: where it makes its directories.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { hierarchies } from "./cgroup-hierarchies.ts";
import { sandboxPrefixOf } from "./run-name.ts";
import { Run } from "./runs.ts";

const run = await Run.begin();
const directory = mkdtempSync(join(tmpdir(), sandboxPrefixOf(run.name)));
const name = basename(directory);

mkdirSync(join(directory, "mounted"));
Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", join(directory, "mounted")]);
Bun.spawnSync(["useradd", "--no-create-home", "--comment", name, `bunct${process.pid}`]);

// In no cgroup of that name, and without the name on its command line.
Bun.spawn(["sleep", "1000"], { env: { ...Bun.env, ...run.environment } });

const mounted = hierarchies();
const freezer = mounted.find(({ controllers }) => controllers.includes("freezer"));
const hierarchy = mounted.find(({ type }) => type === "cgroup2") ?? freezer;
if (hierarchy !== undefined) {
  const top = `${hierarchy.mountPoint}/${name}`;
  // Many, and deeper than PATH_MAX.
  mkdirSync(top);
  const levels = Array(40).fill("d".repeat(250)).join(" ");
  Bun.spawnSync(["bash", "-c", `for name in ${levels}; do mkdir $name && cd -P $name || exit; done`], {
    cwd: top,
  });
  Bun.spawnSync(["sh", "-c", "seq 500 | xargs mkdir"], { cwd: top });
}
if (freezer !== undefined) {
  // Like a paused container.
  const below = `${freezer.mountPoint}/${name}-frozen/below`;
  mkdirSync(below, { recursive: true });
  const frozen = Bun.spawn(["sleep", "1000"]);
  writeFileSync(`${below}/cgroup.procs`, `${frozen.pid}`);
  writeFileSync(`${below}/freezer.state`, "FROZEN");
}
console.log(run.name);
await Bun.sleep(1_000_000);
