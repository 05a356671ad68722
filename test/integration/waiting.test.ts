/** A foreground command that waits long gives its memory back, and executes itself again to finish (zig/parent/forget.zig). */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { onTerminal } from "../harness/consoles.ts";
import { image } from "../harness/image.ts";
import { command, root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import { type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { busybox, shell } from "../harness/shell.ts";

const needs = [root, busybox, image];

/** Prints what it reads, until a signal arrives. */
const ECHOES = 'trap "exit 9" USR1; echo ready; while :; do read -t 1 line && echo "$line"; done';

/** From smaps_rollup(5): pages that no other process has. */
function privateKib(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return [...rollup.matchAll(/^Private_\w+:\s+(\d+)/gm)].reduce((sum, [, kib]) => sum + Number(kib), 0);
}

/** For a started Bun it is twenty thousand. */
const hasForgotten = (pid: number) => privateKib(pid) < 512;

function begin(box: Sandbox, args: string[]) {
  const child = Bun.spawn(box.commandLine(args), {
    env: bareEnvironment,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const reader = child.stdout.getReader();
  let output = "";
  return {
    child,
    /** Waits until it has printed `text`. */
    async says(text: string): Promise<void> {
      while (!output.includes(text)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`it ended with: ${output}${await new Response(child.stderr).text()}`);
        output += new TextDecoder().decode(value);
      }
    },
    write(text: string): void {
      child.stdin.write(text);
      child.stdin.flush();
    },
  };
}

for (const verb of ["run", "exec"] as const) {
  scenario(`${verb} in the foreground waits in little memory, with all that it does`, needs, async (box) => {
    const hook = box.path("poststop");
    const bundle = shell(box, verb === "run" ? ECHOES : "sleep 1000", (config) => {
      config.hooks = { poststop: [{ path: "/bin/sh", args: ["sh", "-c", `(cat; env) >${hook}`] }] };
    });
    const id = verb === "run" ? box.id() : await box.started(bundle);
    const log = box.path("log.json");
    const words =
      verb === "run" ? ["run", "--bundle", bundle.directory, id] : ["exec", id, "/bin/sh", "-c", ECHOES];
    const { child, says, write } = begin(box, ["--log", log, "--log-format", "json", ...words]);
    await says("ready");
    await until("its memory is given back", () => hasForgotten(child.pid));
    write("first\n");
    await says("first");
    write("second\n");
    await says("second");
    child.kill("SIGUSR1");
    expect(await child.exited).toBe(9);
    expect(await new Response(child.stderr).text()).toBe("");
    expect(existsSync(log) ? readFileSync(log, "utf8") : "").toBe("");
    if (verb === "exec") return;
    expect((await box.call(["state", id])).status).toBe(1);
    const seen = readFileSync(hook, "utf8");
    expect(seen).toContain(`"id":"${id}"`);
    expect(seen).not.toContain("BUNC");
  });
}

scenario("run --keep leaves the container, after a long wait as well", needs, async (box) => {
  const id = box.id();
  const { child, says } = begin(box, ["run", "--keep", "--bundle", shell(box, ECHOES).directory, id]);
  await says("ready");
  await until("its memory is given back", () => hasForgotten(child.pid));
  child.kill("SIGUSR1");
  expect(await child.exited).toBe(9);
  expect((await box.state(id)).status).toBe("stopped");
});

scenario("signals that come while a long wait ends leave nothing behind", needs, async (box) => {
  const script = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done';
  for (let round = 0; round < 5; round++) {
    const id = box.id();
    const { child, says } = begin(box, ["run", "--bundle", shell(box, script).directory, id]);
    await says("ready");
    await until("its memory is given back", () => hasForgotten(child.pid));
    const timer = setInterval(() => child.kill("SIGTERM"), 1);
    expect(await child.exited).toBe(9);
    clearInterval(timer);
    expect((await box.call(["state", id])).status).toBe(1);
  }
});

scenario("a terminal is raw while it waits, and restored in the end", needs, async (box) => {
  const bundle = shell(box, 'read line; echo "got $line"; exit 3', (config) => {
    config.process.terminal = true;
  });
  const run = box.commandLine(["run", "--bundle", bundle.directory, box.id()]);
  const script = 'stty -g; echo $$ >"$0"; "$@"; echo "status $?"; stty -g';
  const pidFile = box.path("pid");
  const { output } = await onTerminal(["sh", "-c", script, pidFile, ...run], async (terminal) => {
    const runtime = await until("its memory is given back", () => {
      // The shell creates the file before it writes to it.
      const shellPid = existsSync(pidFile) ? readFileSync(pidFile, "utf8").trim() : "";
      if (shellPid === "") return undefined;
      const children = readFileSync(`/proc/${shellPid}/task/${shellPid}/children`, "utf8").trim();
      return children !== "" && hasForgotten(Number(children)) ? children : undefined;
    });
    expect(runtime).not.toBe("");
    terminal.write("typed\r");
    await until("the container has read it", () => terminal.output().includes("got typed"));
  });
  const lines = output.split(/\r?\n/);
  expect(output).toContain("status 3");
  expect(lines.findLast((line) => line.includes(":"))).toBe(lines[0]);
});

scenario(
  "if it cannot execute itself again, it says so, and the container can be deleted",
  [...needs, command("prlimit")],
  async (box) => {
    const id = box.id();
    const { child, says } = begin(box, ["run", "--bundle", shell(box, ECHOES).directory, id]);
    await says("ready");
    await until("its memory is given back", () => hasForgotten(child.pid));
    // Less address space than it uses now.
    expect(Bun.spawnSync(["prlimit", "--pid", String(child.pid), "--as=4096"]).exitCode).toBe(0);
    child.kill("SIGUSR1");
    expect(await child.exited).toBe(9);
    expect(await new Response(child.stderr).text()).toBe(
      "cannot finish: execveat: errno 12; the container is left as it is\n",
    );
    expect((await box.state(id)).status).toBe("stopped");
    await box.must(["delete", "--force", id]);
  },
);
