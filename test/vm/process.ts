// Host programs that build the test machine.
import { toolPath } from "./availability.ts";
import { onInterruption } from "./interruption.ts";

/** Runs a program to its end; returns its standard output, throws with its last lines when it fails. */
export async function runTool(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string | undefined> } = {},
): Promise<string> {
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, PATH: toolPath, LC_ALL: "C", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const release = onInterruption(() => child.kill("SIGTERM"));
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  release();
  if (exitCode !== 0) {
    const lines = `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new Error(`${command.slice(0, 3).join(" ")} failed with exit code ${exitCode}:\n${lines}`);
  }
  return stdout;
}
