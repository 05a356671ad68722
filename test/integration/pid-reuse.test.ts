/** The pid of a container's init is reused by another process while a command inspects it. */
import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { buncOnly, command as needsCommand, root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** A process of this test with that pid; undefined if another process got the pid first. */
function processWithPid(pid: number): Bun.Subprocess | undefined {
  writeFileSync("/proc/sys/kernel/ns_last_pid", String(pid - 1));
  const child = Bun.spawn(["sleep", "60"]);
  if (child.pid === pid) return child;
  child.kill("SIGKILL");
  return undefined;
}

scenario(
  "exec does not run on the host where init's pid has become a host process's",
  [root, buncOnly, needsCommand("strace")],
  async (box) => {
    for (let attempt = 0; ; attempt++) {
      const id = await box.started(box.probe(["sleep"]));
      const { pid } = await box.state(id);
      const marker = box.path(`ran-${attempt}`);
      const log = box.path(`strace-${attempt}`);
      const delayed = ["strace", "-f", "-o", log, "-e", "inject=pidfd_open:delay_enter=3000000"];
      const exec = Bun.spawn(
        [...delayed, ...box.commandLine(["exec", id, "/bin/sh", "-c", `echo > ${marker}`])],
        {
          env: bareEnvironment,
          stdio: ["ignore", "ignore", "pipe"],
        },
      );
      await until("bunc-init is about to take the pidfd", () => {
        return (existsSync(log) && readFileSync(log, "utf8").includes("pidfd_open(")) || undefined;
      });
      process.kill(pid, "SIGKILL");
      await until("init is gone", () => !existsSync(`/proc/${pid}`) || undefined);
      const stranger = processWithPid(pid);
      const [status, stderr] = await Promise.all([exec.exited, new Response(exec.stderr).text()]);
      stranger?.kill("SIGKILL");
      await box.must(["delete", "--force", id]);
      if (stranger === undefined && attempt < 20) continue;
      expect(stranger).toBeDefined();
      expect(existsSync(marker)).toBe(false);
      expect(stderr).toContain("ESRCH");
      expect(status).toBe(255);
      return;
    }
  },
);
