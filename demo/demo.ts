/**
 * `npm start`: runs a real container with dist/bunc and shows what it sees next to what the host sees.
 *
 * The root file system is a throw-away overlay over the host's own: nothing is downloaded or copied, and the container's
 * changes vanish with it. Everything happens in a private mount namespace, so that an interruption at any time leaves no
 * mount behind.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { probePath, Report } from "../test/harness/probe.ts";
import { prepareBundle } from "./bundle.ts";
import { compare, heading, limitFiles } from "./table.ts";

const bunc = resolve(import.meta.dir, "../dist/bunc");
const prefix = "bunc-demo-";

/** Questions to the probe, in the container and on the host. */
const questions = [
  "self",
  "namespaces",
  ...["mountinfo", "status", "cgroup"].map((name) => `read:/proc/self/${name}`),
  ...["/proc/net/dev", "/proc/sys/kernel/pid_max"].map((path) => `read:${path}`),
  ...limitFiles.map((path) => `read:${path}`),
];

/** Attempts that must fail in the container; not made on the host. */
const attempts = [
  "write:/proc/sys/kernel/panic=1",
  "open:/dev/kmsg",
  "hostname:taken-over",
  "mkdir:/written-by-the-container",
];

/** Removes what killed demos left behind: the directory name contains the pid. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const directory = join(tmpdir(), name);
    const state = join(directory, "state");
    for (const id of existsSync(state) ? readdirSync(state) : []) {
      Bun.spawnSync([bunc, "--root", state, "delete", "--force", id]);
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs this file again in a private mount namespace, which disappears with the process. */
async function outside(): Promise<number> {
  removeLeftovers();
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  // Only root can mount an overlay, so only root needs a mount namespace for it.
  const isolate = process.getuid?.() === 0 ? ["unshare", "--mount", "--propagation", "private"] : [];
  // Control-C reaches the whole foreground group; this process waits for the rest and cleans up.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  try {
    const child = Bun.spawn([...isolate, process.execPath, import.meta.path, "--inside", directory], {
      stdio: ["inherit", "inherit", "inherit"],
    });
    return await child.exited;
  } finally {
    const state = join(directory, "state");
    for (const id of existsSync(state) ? readdirSync(state) : []) {
      Bun.spawnSync([bunc, "--root", state, "delete", "--force", id]);
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

function inside(directory: string): number {
  const state = join(directory, "state");
  const bundle = join(directory, "bundle");
  mkdirSync(bundle);
  const { description, overlay } = prepareBundle(bundle, [...questions, ...attempts]);

  const id = `demo-${process.pid}`;
  const started = performance.now();
  const run = Bun.spawnSync([bunc, "--root", state, "run", "--bundle", bundle, id], { stderr: "pipe" });
  const took = performance.now() - started;
  if (!run.success) {
    console.error(`bunc run failed with status ${run.exitCode}:\n${run.stderr}`);
    return 1;
  }
  const host = new Report(Bun.spawnSync([probePath(), ...questions]).stdout.toString());
  const container = new Report(run.stdout.toString());

  console.log(heading("bunc runs a container", `root file system: ${description}`));
  console.log(compare(host, container));
  const verdict = attempts.map((attempt) => `  ${attempt.padEnd(40)} ${container.errno(attempt)}`);
  console.log(`\nWhat the container tried:\n${verdict.join("\n")}`);
  if (overlay !== undefined) {
    const kept = existsSync("/written-by-the-container") ? "is also on the host!" : "is not on the host";
    console.log(`\nThe directory that it made ${kept}: it went to the overlay's upper layer, ${overlay}.`);
  }
  console.log(`\nFrom bunc's start to the container's end: ${took.toFixed(0)} ms.`);
  console.log(`Try it yourself: dist/bunc --help, dist/bunc spec; demo/bundle.ts describes this bundle.`);
  return 0;
}

const at = process.argv.indexOf("--inside");
process.exitCode = at === -1 ? await outside() : inside(process.argv[at + 1] as string);
