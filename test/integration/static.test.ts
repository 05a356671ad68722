/** dist/bunc needs nothing of the system that it is on: no loader, no library, no other file. */
import { expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { buncOnly, root } from "../harness/requirements.ts";
import { type Result, runtime } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** A root file system that holds the executable and nothing else. */
function emptyRoot(box: Sandbox): { directory: string; bunc: (...args: string[]) => Promise<Result> } {
  const directory = box.path("empty");
  mkdirSync(directory);
  copyFileSync(runtime.path, `${directory}/bunc`);
  return {
    directory,
    bunc: async (...args) => {
      const child = Bun.spawn(["/usr/sbin/chroot", directory, "/bunc", ...args], {
        env: {},
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [status, stdout, stderr] = await Promise.all([
        child.exited,
        child.stdout.text(),
        child.stderr.text(),
      ]);
      return { status, stdout, stderr };
    },
  };
}

scenario("where there is no other file it starts, and makes a bundle", [root, buncOnly], async (box) => {
  const { directory, bunc } = emptyRoot(box);
  expect((await bunc("--version")).stdout).toStartWith("runc version ");
  expect(await bunc("spec")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(JSON.parse(readFileSync(`${directory}/config.json`, "utf8")).process.args).toEqual(["sh"]);
  expect(await bunc("list", "-q")).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(readdirSync(directory).sort()).toEqual(["bunc", "config.json"]);
});

scenario(
  "without /proc a container is refused in words, and nothing is left",
  [root, buncOnly],
  async (box) => {
    const { directory, bunc } = emptyRoot(box);
    mkdirSync(`${directory}/rootfs`);
    await bunc("spec");
    const { status, stderr } = await bunc("run", "x");
    expect(status).toBe(1);
    expect(stderr).toContain("/proc/self/fd/");
    expect(stderr).toContain("mount -t proc proc /proc");
    expect(existsSync(`${directory}/run`)).toBe(false);
  },
);

scenario("what the dynamic loader obeys does nothing", [root, buncOnly], async (box) => {
  const env = {
    LD_PRELOAD: "/nothing/here.so",
    LD_LIBRARY_PATH: "/nothing",
    LD_DEBUG: "all",
    LD_AUDIT: "/nothing.so",
  };
  const { status, stdout, stderr } = await box.call(["--version"], { env });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toStartWith("runc version ");
});
