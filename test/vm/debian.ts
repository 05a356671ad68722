// Debian packages for the guest, from the mirror that this host's own apt uses.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { debianKeyring } from "./availability.ts";
import type { Distribution } from "./flavours.ts";
import { runTool } from "./process.ts";

/** Paths that no test reads; leaving them out halves the images. */
const excludedPaths = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*"];

/** Of mmdebstrap. */
const mergedUsrHooks = "/usr/share/mmdebstrap/hooks/merged-usr";

const aptOptions = {
  "Acquire::Languages": "none",
  // A mirror may be frozen at a day in the past (snapshots are); signatures are verified all the same.
  "Acquire::Check-Valid-Until": "false",
};

/** sources.list(5) in deb822 format for a distribution. */
export async function debianSources(distribution: Distribution): Promise<string> {
  const format = "$(REPO_URI)|$(RELEASE)|$(ORIGIN)|$(LABEL)|$(COMPONENT)";
  const listing = await runTool(["apt-get", "indextargets", "--format", format]);
  const archives = new Map<string, { uri: string; suite: string; label: string }>();
  for (const line of listing.split("\n")) {
    const [uri, suite, origin, label, component] = line.split("|");
    if (origin !== "Debian" || component !== "main" || !uri || !suite || !label) continue;
    archives.set(`${uri} ${suite}`, { uri, suite, label });
  }
  const main = [...archives.values()].find((archive) => archive.label === "Debian");
  if (main === undefined) {
    throw new Error("apt knows no Debian archive on this host: check its sources and run apt-get update");
  }
  const wanted = distribution === "sid" ? [{ uri: main.uri, suite: "sid" }] : [...archives.values()];
  return wanted
    .map(({ uri, suite }) =>
      [
        `Types: deb`,
        `URIs: ${uri}`,
        `Suites: ${suite}`,
        `Components: main`,
        `Signed-By: ${debianKeyring}`,
        "",
      ].join("\n"),
    )
    .join("\n");
}

/**
 * Installs `packages` and what they depend on, without recommendations, into the new directory `target`; then runs
 * the shell commands `customize` with `target` as `$1`. `foreign` names another architecture than this machine's:
 * packages are unpacked only, for nothing of them can run here; mmdebstrap runs no `customize` then.
 */
export async function installRoot(
  target: string,
  sources: string,
  packages: readonly string[],
  customize: readonly string[],
  foreign?: string,
): Promise<void> {
  const sourcesPath = `${target}.sources`;
  writeFileSync(sourcesPath, sources);
  await runTool([
    "mmdebstrap",
    "--mode=root",
    "--format=directory",
    ...(foreign === undefined
      ? ["--variant=minbase"]
      : [`--architectures=${foreign}`, "--variant=extract", `--hook-dir=${mergedUsrHooks}`]),
    ...Object.entries(aptOptions).map(([name, value]) => `--aptopt=${name} "${value}"`),
    ...excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--include=${packages.join(",")}`,
    ...customize.map((command) => `--customize-hook=${command}`),
    "",
    target,
    sourcesPath,
  ]);
}

/** Downloads and unpacks the packages of Debian's cloud kernel into `target`, nothing of them is run. */
export async function unpackKernel(target: string, sources: string, architecture: string): Promise<void> {
  const apt = join(target, "apt");
  for (const directory of ["lists/partial", "archives/partial", "debs"]) {
    mkdirSync(join(apt, directory), { recursive: true });
  }
  const sourcesPath = join(apt, "debian.sources");
  writeFileSync(sourcesPath, sources);
  const settings = {
    ...aptOptions,
    "Dir::Etc::sourcelist": sourcesPath,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": join(apt, "lists"),
    "Dir::State::status": "/dev/null",
    "Dir::Cache": apt,
    "APT::Sandbox::User": "root",
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  await runTool(["apt-get", ...options, "update"]);
  const wanted = new Set<string>();
  const pending = [`linux-image-cloud-${architecture}`];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const listing = await runTool(["apt-cache", ...options, "depends", name]);
    for (const [, dependency] of listing.matchAll(/^ +Depends: (linux-(?:image|binary|modules)-\d\S*)$/gm)) {
      if (dependency === undefined || wanted.has(dependency)) continue;
      wanted.add(dependency);
      pending.push(dependency);
    }
  }
  const debs = join(apt, "debs");
  await runTool(["apt-get", ...options, "download", ...wanted], { cwd: debs });
  for (const deb of readdirSync(debs)) {
    await runTool(["dpkg-deb", "--extract", join(debs, deb), join(target, "tree")]);
  }
}
