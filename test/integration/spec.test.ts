import { expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { probePath, Report } from "../harness/probe.ts";
import { buncOnly, notIn, root, runcInstalled } from "../harness/requirements.ts";
import { findRuntime } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";

scenario("spec writes config.json into the current directory", [root], async (box) => {
  mkdirSync(box.path("bundle"));
  const result = await box.must(["spec"], { cwd: box.path("bundle") });
  expect(result).toMatchObject({ stdout: "", stderr: "" });
  const config = JSON.parse(readFileSync(box.path("bundle/config.json"), "utf8"));
  expect(config.process.args).toEqual(["sh"]);
  expect(config.process.terminal).toBe(true);
  expect(config.root).toEqual({ path: "rootfs", readonly: true });
  expect(config.hostname).toBe("runc");
});

scenario("spec --bundle", [root], async (box) => {
  mkdirSync(box.path("bundle"));
  await box.must(["spec", "--bundle", box.path("bundle")]);
  expect(existsSync(box.path("bundle/config.json"))).toBe(true);
});

scenario("spec does not overwrite", [root], async (box) => {
  mkdirSync(box.path("bundle"));
  writeFileSync(box.path("bundle/config.json"), "mine");
  const result = await box.call(["spec"], { cwd: box.path("bundle") });
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/File config.json exists. Remove it first/i);
  expect(readFileSync(box.path("bundle/config.json"), "utf8")).toBe("mine");
});

scenario("spec in a directory that does not exist", [root], async (box) => {
  const result = await box.call(["spec", "--bundle", box.path("nowhere")]);
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/no such file or directory/);
});

scenario("a container runs from what spec wrote", [root], async (box) => {
  const bundle = box.path("bundle");
  mkdirSync(`${bundle}/rootfs`, { recursive: true });
  copyFileSync(probePath(), `${bundle}/rootfs/probe`);
  await box.must(["spec", "--bundle", bundle]);
  const config = JSON.parse(readFileSync(`${bundle}/config.json`, "utf8"));
  config.process.args = ["/probe", "self"];
  config.process.terminal = false;
  writeFileSync(`${bundle}/config.json`, JSON.stringify(config));
  const report = new Report((await box.must(["run", "--bundle", bundle, box.id()])).stdout);
  expect(report.self.hostname).toBe("runc");
});

scenario("spec --rootless has a user namespace that maps the caller", [root], async (box) => {
  mkdirSync(box.path("bundle"));
  await box.must(["spec", "--rootless"], { cwd: box.path("bundle") });
  const { linux, mounts } = JSON.parse(readFileSync(box.path("bundle/config.json"), "utf8"));
  const types = linux.namespaces.map(({ type }: { type: string }) => type);
  expect(types).toContain("user");
  expect(types).not.toContain("network");
  expect(linux.uidMappings).toEqual([{ containerID: 0, hostID: 0, size: 1 }]);
  expect(linux.resources).toBeUndefined();
  for (const { options } of mounts) expect((options ?? []).join()).not.toContain("gid=");
});

scenario(
  "spec: the same configuration as runc's, except for changes in newer runc",
  [root, runcInstalled, buncOnly],
  async (box) => {
    const theirs = findRuntime("runc");
    const write = async (path: string, name: string) => {
      mkdirSync(box.path(name));
      Bun.spawnSync([path, "spec"], { cwd: box.path(name) });
      return JSON.parse(readFileSync(box.path(name, "config.json"), "utf8"));
    };
    const ours = await write(box.runtime.path, "ours");
    const runc = await write(theirs?.path as string, "theirs");
    const { ociVersion: version, process: ourProcess, linux: ourLinux, ...rest } = ours;
    const { ociVersion: _, process: runcProcess, linux: runcLinux, ...runcRest } = runc;
    expect(version).toMatch(/^1\.\d\.\d/);
    expect(rest).toEqual(runcRest);
    // Since 1.2 no ambient capabilities by default.
    const { ambient: _ambient, ...runcSets } = runcProcess.capabilities;
    expect({ ...ourProcess, capabilities: undefined }).toEqual({ ...runcProcess, capabilities: undefined });
    expect({ ...ourProcess.capabilities, ambient: undefined }).toEqual({ ...runcSets, ambient: undefined });
    // Since 1.2 a cgroup namespace where the host has cgroup v2, and more masked paths.
    expect(ourLinux.resources).toEqual(runcLinux.resources);
    expect(ourLinux.readonlyPaths).toEqual(runcLinux.readonlyPaths);
    expect(ourLinux.maskedPaths).toEqual(expect.arrayContaining(runcLinux.maskedPaths));
  },
);

scenario("explain lists every operation of create, and does none", [root, buncOnly], async (box) => {
  const bundle = box.probe(["sleep"]);
  const text = await box.must(["explain", "--bundle", bundle.directory]);
  expect(text.stdout).toContain("/dev/pts");
  expect(text.stdout).toContain("mounts[");
  const json = await box.must(["explain", "--json", "--bundle", bundle.directory]);
  expect(JSON.parse(json.stdout)).toBeDefined();
  expect(existsSync(box.root)).toBe(false);
});

scenario(
  "features is one JSON object with the versions and the mount options",
  [root, notIn("runc", "features of 1.1.5 has no hints of today")],
  async (box) => {
    const { stdout, stderr } = await box.must(["features"]);
    const features = JSON.parse(stdout);
    expect(stderr).toBe("");
    expect(features.ociVersionMin).toBe("1.0.0");
    expect(features.ociVersionMax).toMatch(/^1\.\d+\.\d+/);
    expect(features.mountOptions).toContain("rro");
  },
);
