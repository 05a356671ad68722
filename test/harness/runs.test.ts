import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./requirements.ts";
import { skipMarker } from "./scenario-name.ts";

/** The directories of these runs: this test must not touch those of other runs. */
const directory = mkdtempSync(join(tmpdir(), "bunc-runs-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const script = (text: string) => [process.execPath, "-e", text];
const module = join(import.meta.dir, "runs.ts");
const env = { ...Bun.env, TMPDIR: directory };

/** The lines that it prints. */
function output(command: string[]): string[] {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString().split("\n").filter(Boolean);
}

const sweep = () =>
  output(script(`console.log((await (await import("${module}")).sweepDeadRuns()).join("\\n"))`));

async function abandoned() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "abandoned-run.ts")], {
    env,
    stdout: "pipe",
  });
  const { value } = await child.stdout.getReader().read();
  return { child, name: new TextDecoder().decode(value).trim() };
}

const kinds = (lines: readonly string[]) =>
  [
    ...new Set(lines.map((line) => (line.startsWith("/") ? "directory" : (line.split(" ")[0] ?? "")))),
  ].toSorted();

const title = "a run removes what a killed run has left behind, and nothing of a run that is alive";
const all = ["cgroup", "directory", "mount", "process", "user"];

async function killedBesideLiving(): Promise<void> {
  const [killed, living] = [await abandoned(), await abandoned()];
  try {
    killed.child.kill("SIGKILL");
    await killed.child.exited;
    const removed = sweep();
    expect(kinds(removed)).toEqual(all);
    expect(removed.filter((line) => line.includes(living.name))).toEqual([]);
    expect(readdirSync(directory).filter((name) => name.includes(killed.name))).toEqual([]);
    expect(living.child.exitCode).toBe(null);
    // Nothing of it is left.
    expect(sweep()).toEqual([]);
  } finally {
    for (const { child } of [killed, living]) child.kill("SIGKILL");
    await living.child.exited;
  }
  expect(kinds(sweep())).toEqual(all);
  expect(sweep()).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
}

const reason = root();
if (reason === null) test(title, killedBesideLiving, 120_000);
else test.skip(`${title}${skipMarker}${reason}]`, () => {});

test("a run that has ended leaves nothing of its own", () => {
  const lines = output(
    script(
      `const { Run } = await import("${module}"); console.log((await (await Run.begin()).end()).length)`,
    ),
  );
  expect(lines).toEqual(["0"]);
  expect(readdirSync(directory)).toEqual([]);
});
