/**
 * The npm packages, in the usual form: `bunc` has a package with the executable of each machine as an optional dependency, of
 * which npm installs the one that fits, and starts that executable. They are like those of `npm pack`; nothing is published.
 */
import { type Entry, gzip, tar } from "./archive.ts";
import { MACHINES, type Machine, type Release } from "./contents.ts";

const LAUNCHER = `#!/usr/bin/env node
// Starts the executable for this machine, which npm has installed as an optional dependency.
const { spawnSync } = require("node:child_process");
const name = "bunc-" + process.platform + "-" + process.arch;
let path;
try {
  path = require.resolve(name + "/bunc");
} catch {
  console.error("bunc: there is no package " + name + ": Linux on x64 and arm64 have one, unless npm was told to omit optional dependencies");
  process.exit(1);
}
const { status, signal, error } = spawnSync(path, process.argv.slice(2), { stdio: "inherit" });
if (error) {
  console.error("bunc: " + error.message);
  process.exit(1);
}
if (signal) process.kill(process.pid, signal);
else process.exit(status);
`;

const COMMON = { license: "Apache-2.0", description: "OCI container runtime, a drop-in runc" };

export function npmPackage(release: Release): Uint8Array {
  const { version } = release;
  const platforms = Object.keys(MACHINES).map((machine) => [`bunc-linux-${machine}`, version]);
  const description = {
    name: "bunc",
    version,
    ...COMMON,
    bin: { bunc: "bin/bunc.cjs" },
    files: ["bin"],
    optionalDependencies: Object.fromEntries(platforms),
  };
  return pack(release, description, [{ path: "bin/bunc.cjs", content: LAUNCHER, mode: 0o755 }]);
}

export function npmPlatformPackage(release: Release, machine: Machine, executable: Uint8Array): Uint8Array {
  const description = {
    name: `bunc-linux-${machine}`,
    version: release.version,
    ...COMMON,
    os: ["linux"],
    cpu: [machine],
    files: ["bunc"],
  };
  return pack(release, description, [{ path: "bunc", content: executable, mode: 0o755 }]);
}

function pack({ time, licences }: Release, description: object, entries: readonly Entry[]): Uint8Array {
  const all: Entry[] = [
    { path: "package.json", content: `${JSON.stringify(description, null, 2)}\n`, mode: 0o644 },
    ...[...licences].map(([name, content]) => ({ path: `licences/${name}`, content, mode: 0o644 })),
    ...entries,
  ];
  return gzip(
    tar(
      all.map((entry) => ({ ...entry, path: `package/${entry.path}` })),
      time,
    ),
  );
}
