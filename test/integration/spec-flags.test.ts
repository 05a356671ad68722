/** `spec` with flags: the configuration runs, and has the requested effects when seen from inside. */
import { expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { probePath, Report } from "../harness/probe.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

function bundleWithProbe(box: Sandbox): string {
  const bundle = box.path("bundle");
  mkdirSync(`${bundle}/rootfs`, { recursive: true });
  copyFileSync(probePath(), `${bundle}/rootfs/probe`);
  return bundle;
}

const selfArgs = ["--no-terminal", "--args", "/probe", "--args", "self"];

async function runSpec(box: Sandbox, bundle: string, flags: readonly string[]) {
  await box.must(["spec", "--bundle", bundle, ...selfArgs, ...flags]);
  return new Report((await box.must(["run", "--bundle", bundle, box.id()])).stdout);
}

scenario("a container runs from what spec wrote by flags", [root, buncOnly], async (box) => {
  const bundle = bundleWithProbe(box);
  mkdirSync(box.path("shared"));
  const { self } = await runSpec(box, bundle, [
    ...["--hostname", "by-flags", "--cwd", "/tmp-of-flags", "--user", "7:8", "--env", "A=b"],
    ...["--mount", `type=bind,source=${box.path("shared")},destination=/shared,ro`],
    ...["--tmpfs", "/tmp-of-flags:size=1m", "--cap-drop", "ALL", "--sysctl", "net.ipv4.ip_forward=1"],
  ]);
  expect(self).toMatchObject({
    hostname: "by-flags",
    cwd: "/tmp-of-flags",
    uids: [7, 7, 7],
    gids: [8, 8, 8],
  });
});

scenario("a container runs under the default seccomp profile", [root, buncOnly], async (box) => {
  const bundle = bundleWithProbe(box);
  const { self } = await runSpec(box, bundle, ["--seccomp", "default", "--hostname", "filtered"]);
  expect(self).toMatchObject({ hostname: "filtered", seccomp: 2 });
});

scenario("the default profile: what explain answers from it", [root, buncOnly], async (box) => {
  const bundle = bundleWithProbe(box);
  await box.must(["spec", "--bundle", bundle, "--seccomp", "default"]);
  const explain = async (call: string) =>
    (await box.must(["explain", "--bundle", bundle, "--seccomp", call])).stdout;
  expect(await explain("read")).toContain("ALLOW");
  expect(await explain("mount")).toContain("ERRNO");
  expect(await explain("socket(2)")).toContain("ALLOW");
  expect(await explain("socket(40)")).toContain("97");
  expect(await explain("clone(0x11)")).toContain("ALLOW");
  expect(await explain("clone(0x10000011)")).toContain("ERRNO");
});

scenario("spec -: the same on standard output, and no file", [root, buncOnly], async (box) => {
  mkdirSync(box.path("bundle"));
  const { stdout } = await box.must(["spec", "-"], { cwd: box.path("bundle") });
  expect(existsSync(box.path("bundle/config.json"))).toBe(false);
  await box.must(["spec"], { cwd: box.path("bundle") });
  expect(stdout).toBe(`${readFileSync(box.path("bundle/config.json"), "utf8")}\n`);
});

scenario("spec --from keeps what it was not asked to change", [root, buncOnly], async (box) => {
  const from = box.path("from.json");
  const { stdout } = await box.must(["spec", "-"]);
  const config = {
    ...JSON.parse(stdout),
    windows: { layerFolders: [] },
    annotations: { n: "12345678901234567890" },
  };
  config.process.rlimits[0].hard = 0;
  writeFileSync(from, JSON.stringify(config).replace('"hard":0', '"hard":18446744073709551615'));
  const changed = await box.must(["spec", "--from", from, "--hostname", "other", "-"]);
  expect(changed.stdout).toContain('"hard": 18446744073709551615');
  const { hostname, process: changedProcess, ...rest } = JSON.parse(changed.stdout);
  const { hostname: _hostname, process: oldProcess, ...oldRest } = config;
  expect(hostname).toBe("other");
  expect(rest).toEqual(oldRest);
  expect(changedProcess.args).toEqual(oldProcess.args);
});

scenario(
  "spec --from reports every mistake of that file, and writes nothing",
  [root, buncOnly],
  async (box) => {
    mkdirSync(box.path("bundle"));
    writeFileSync(
      box.path("from.json"),
      '{"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":1,"args":"a"}}',
    );
    const { status, stderr } = await box.call([
      "spec",
      "--bundle",
      box.path("bundle"),
      "--from",
      box.path("from.json"),
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain("process.cwd");
    expect(stderr).toContain("process.args");
    expect(existsSync(box.path("bundle/config.json"))).toBe(false);
  },
);

scenario(
  "spec --seccomp: a file is copied, Docker's own format is refused",
  [root, buncOnly],
  async (box) => {
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["kexec_load"], action: "SCMP_ACT_ERRNO" }],
    };
    const file = box.path("profile.json");
    writeFileSync(file, JSON.stringify(profile));
    const { stdout } = await box.must(["spec", "--seccomp", file, "-"]);
    expect(JSON.parse(stdout).linux.seccomp).toEqual(profile);
    const conditional = {
      ...profile,
      syscalls: [{ ...profile.syscalls[0], includes: { caps: ["CAP_SYS_BOOT"] } }],
    };
    writeFileSync(file, JSON.stringify(conditional));
    const refused = await box.call(["spec", "--seccomp", file, "-"]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("includes");
  },
);

scenario("spec --schema: one JSON document, and no file", [buncOnly], async (box) => {
  mkdirSync(box.path("bundle"));
  const { stdout } = await box.must(["spec", "--schema"], { cwd: box.path("bundle") });
  expect(JSON.parse(stdout)).toMatchObject({ type: "object", required: ["ociVersion", "process", "root"] });
  expect(stdout).toContain('"maximum": 18446744073709551615');
  expect(existsSync(box.path("bundle/config.json"))).toBe(false);
});
