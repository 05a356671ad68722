/** dist/bunc needs nothing from the system that it runs on: no loader, no library, no other file. */
import { expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { buncOnly, type Requirement, root } from "../harness/requirements.ts";
import { type Result, runtime } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** A root file system that contains only the executable. */
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

const arm64 = join(projectRoot, "dist/bunc-arm64");
const emulator = "/usr/bin/qemu-aarch64-static";
const emulated: Requirement = () => {
  if (!existsSync(arm64)) return "needs dist/bunc-arm64: bun build.ts --arch=arm64";
  return existsSync(emulator) ? null : "needs qemu-aarch64-static (qemu-user-static)";
};

scenario("the executable for aarch64 starts, and makes a bundle", [buncOnly, emulated], async (box) => {
  const call = (...args: string[]) => Bun.spawnSync([emulator, arm64, ...args]);
  expect(call("--version").stdout.toString()).toStartWith("runc version ");
  const bundle = box.path("bundle");
  mkdirSync(bundle);
  expect(call("spec", "--bundle", bundle).exitCode).toBe(0);
  expect(JSON.parse(readFileSync(`${bundle}/config.json`, "utf8")).process.args).toEqual(["sh"]);
  expect(JSON.parse(call("features").stdout.toString()).linux.seccomp.archs).toContain("SCMP_ARCH_AARCH64");
});
