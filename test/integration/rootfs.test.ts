import { expect } from "bun:test";
import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { removeNamespace } from "../harness/config.ts";
import { mountAt } from "../harness/mountinfo.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

scenario("a read-only root refuses writes", [root], async (box) => {
  const report = await box.report(["create:/new=x", "read:/proc/self/mountinfo"]);
  expect(report.errno("create:/new=x")).toBe("EROFS");
  expect(mountAt(report.mounts, "/")?.options).toContain("ro");
});

scenario("a writable root takes them, on the host's directory", [root], async (box) => {
  const bundle = box.probe(["create:/new=x"], (config) => {
    config.root.readonly = false;
  });
  expect((await box.reportOf(bundle)).errno("create:/new=x")).toBe("ok");
  expect(existsSync(`${bundle.rootfs}/new`)).toBe(true);
});

scenario("the host's root is gone: no old root, no way up", [root], async (box) => {
  const report = await box.report(["list:/", "stat:/..", "stat:/", "read:/proc/self/mountinfo"]);
  expect(report.get("list:/").entries).not.toContain("work");
  expect(report.get("stat:/..").inode).toBe(report.get("stat:/").inode as string);
  expect(report.mounts.filter((entry) => entry.target.includes("pivot")).length).toBe(0);
  expect(report.mounts.filter((entry) => entry.target === "/").length).toBe(1);
});

scenario("--no-pivot gives the same container", [root], async (box) => {
  const report = await box.report(["list:/", "stat:/dev/null"], () => {}, ["--no-pivot"]);
  expect(report.get("list:/").entries).toContain("probe");
  expect(report.get("stat:/dev/null")).toMatchObject({ type: "char", major: 1, minor: 3 });
});

scenario("an absolute root.path", [root], async (box) => {
  const bundle = box.probe(["list:/"]);
  renameSync(bundle.rootfs, box.path("elsewhere"));
  bundle.edit((config) => {
    config.root.path = box.path("elsewhere");
  });
  expect((await box.reportOf(bundle)).get("list:/").entries).toContain("probe");
});

scenario("a root.path that is a symbolic link", [root], async (box) => {
  const bundle = box.probe(["list:/"]);
  renameSync(bundle.rootfs, box.path("elsewhere"));
  symlinkSync(box.path("elsewhere"), bundle.rootfs);
  const result = await box.run(bundle);
  // runc follows or refuses it, depending on the version; the container must not start anywhere else.
  if (result.status === 0) expect(result.stdout).toContain("probe");
  else expect(result.stderr).not.toBe("");
});

scenario("a root.path is taken as text, whatever symbolic links are in it", [root], async (box) => {
  const bundle = box.probe(["list:/"], (config) => {
    config.root.path = "link/../rootfs";
  });
  mkdirSync(box.path("elsewhere/deep"), { recursive: true });
  symlinkSync(box.path("elsewhere/deep"), `${bundle.directory}/link`);
  expect((await box.reportOf(bundle)).get("list:/").entries).toContain("probe");
});

scenario("the bundle is the current directory when none is named", [root], async (box) => {
  const bundle = box.probe(["list:/"]);
  const result = await box.must(["run", box.id()], { cwd: bundle.directory });
  expect(result.stdout).toContain("probe");
});

scenario("a relative --bundle", [root], async (box) => {
  const bundle = box.probe(["list:/"]);
  const relative = bundle.directory.slice(box.directory.length + 1);
  expect((await box.must(["run", "--bundle", relative, box.id()])).stdout).toContain("probe");
});

scenario("a bundle whose path has blanks and non-ASCII letters", [root], async (box) => {
  const bundle = box.probe(["read:/data/ü x"]);
  const odd = box.path("bündel mit leerzeichen");
  renameSync(bundle.directory, odd);
  mkdirSync(box.path("da ta"));
  writeFileSync(box.path("da ta/ü x"), "read");
  bundle.config.mounts.push({
    destination: "/data",
    type: "bind",
    source: box.path("da ta"),
    options: ["bind"],
  });
  writeFileSync(`${odd}/config.json`, JSON.stringify(bundle.config));
  expect((await box.must(["run", "--bundle", odd, box.id()])).stdout).toContain('"data":"read"');
});

scenario("a read-only root without a mount namespace is refused", [root, buncOnly], async (box) => {
  const bundle = box.probe(["create:/file"], (config) => {
    removeNamespace(config, "mount");
    config.mounts = [];
    config.linux.maskedPaths = [];
    config.linux.readonlyPaths = [];
    config.root.readonly = true;
  });
  const { status, stdout, stderr } = await box.run(bundle);
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("unable to make the root file system read-only without a private MNT namespace");
  expect(existsSync(`${bundle.rootfs}/file`)).toBe(false);
});
