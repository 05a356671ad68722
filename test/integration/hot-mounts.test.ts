/** `mounts add` and `mounts remove`: mounts of a running container. runc has no such command. */
import { expect } from "bun:test";
import { chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { addNamespace, addUserNamespace, type Mount } from "../harness/config.ts";
import { rootless } from "../harness/ordinary-user.ts";
import { buncOnly, command, root, userNamespaces } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import type { Bundle, Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** A running container with mount points. */
function target(box: Sandbox, edit: Parameters<Sandbox["probe"]>[1] = () => {}): Bundle {
  const bundle = box.probe(["sleep"], edit);
  mkdirSync(`${bundle.rootfs}/mnt/inner`, { recursive: true });
  writeFileSync(`${bundle.rootfs}/file`, "");
  // Root of a user namespace must be able to create the other mount points.
  if (bundle.config.linux.uidMappings !== undefined) chownSync(bundle.rootfs, 100000, 100000);
  return bundle;
}

function directory(box: Sandbox, content: string): string {
  const path = box.path(`source-${content}`);
  mkdirSync(path);
  writeFileSync(`${path}/file`, content);
  return path;
}

async function change(box: Sandbox, verb: "add" | "remove", id: string, mounts: unknown) {
  const file = box.path("mounts.json");
  writeFileSync(file, JSON.stringify(mounts));
  return box.call(["mounts", verb, id, file]);
}

async function add(box: Sandbox, id: string, mounts: Mount[]): Promise<void> {
  expect(await change(box, "add", id, mounts)).toMatchObject({ status: 0, stdout: "", stderr: "" });
}

const needs = [root, buncOnly];

scenario("a bind of a directory is added, seen, and removed", needs, async (box) => {
  const source = directory(box, "hot");
  const id = await box.started(target(box));
  const mount = { destination: "/mnt", source, options: ["rbind", "ro", "nosuid"] };
  await add(box, id, [mount]);
  const report = await box.exec(id, ["read:/mnt/file", "create:/mnt/x", "read:/proc/self/mountinfo"]);
  expect(report.read("/mnt/file")).toBe("hot");
  expect(report.errno("create:/mnt/x")).toBe("EROFS");
  expect(report.mounts.find(({ target: at }) => at === "/mnt")?.options).toContain("nosuid");
  // Nothing of it is on the host.
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(`${box.directory}/bundle-0/rootfs/mnt`);

  expect(await change(box, "remove", id, [{ destination: "/mnt" }])).toMatchObject({ status: 0, stderr: "" });
  expect((await box.exec(id, ["stat:/mnt/file"])).errno("stat:/mnt/file")).toBe("ENOENT");
});

scenario("a file, a tmpfs and one mount in another, removed together", needs, async (box) => {
  writeFileSync(box.path("source-file"), "a file");
  const id = await box.started(target(box));
  const mounts = [
    { destination: "/file", source: box.path("source-file"), options: ["bind"] },
    { destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["size=1m", "mode=700"] },
    { destination: "/mnt/made/deep", type: "tmpfs", source: "tmpfs", options: ["ro"] },
  ];
  await add(box, id, mounts);
  const actions = ["read:/file", "stat:/mnt", "create:/mnt/x", "create:/mnt/made/deep/x"];
  const report = await box.exec(id, actions);
  expect(report.read("/file")).toBe("a file");
  expect(report.get("stat:/mnt").mode).toBe(0o700);
  expect(report.errno("create:/mnt/x")).toBe("ok");
  expect(report.errno("create:/mnt/made/deep/x")).toBe("EROFS");
  expect((await change(box, "remove", id, mounts)).stderr).toBe("");
  const left = (await box.exec(id, ["read:/proc/self/mountinfo"])).mounts.map(({ target: at }) => at);
  for (const { destination } of mounts) expect(left).not.toContain(destination);
});

scenario("fresh proc, sysfs and mqueue are those of the container's namespaces", needs, async (box) => {
  const id = await box.started(target(box));
  await add(box, id, [{ destination: "/mnt", type: "mqueue", source: "mqueue" }]);
  const { mounts } = await box.exec(id, ["read:/proc/self/mountinfo"]);
  const device = (at: string) => mounts.find(({ target: where }) => where === at)?.device;
  expect(device("/mnt")).toBe(device("/dev/mqueue"));
});

scenario("from standard input; also as an object with mounts", needs, async (box) => {
  const id = await box.started(target(box));
  const stdin = JSON.stringify({
    mounts: [{ destination: "/mnt", source: directory(box, "in"), options: ["bind"] }],
  });
  await box.must(["mounts", "add", id, "-"], { stdin });
  expect((await box.exec(id, ["read:/mnt/file"])).read("/mnt/file")).toBe("in");
});

scenario("into a paused container", needs, async (box) => {
  const id = await box.started(target(box));
  await box.must(["pause", id]);
  await add(box, id, [{ destination: "/mnt", source: directory(box, "paused"), options: ["bind"] }]);
  await box.must(["resume", id]);
  expect((await box.exec(id, ["read:/mnt/file"])).read("/mnt/file")).toBe("paused");
});

scenario(
  "into a user namespace, from a directory that only root may enter",
  [...needs, userNamespaces],
  async (box) => {
    const source = directory(box, "userns");
    Bun.spawnSync(["chmod", "700", box.path("source-userns")]);
    const id = await box.started(target(box, addUserNamespace));
    await add(box, id, [{ destination: "/mnt", source, options: ["rbind"] }]);
    const { mounts } = await box.exec(id, ["read:/proc/self/mountinfo"]);
    expect(mounts.some(({ target: at }) => at === "/mnt")).toBe(true);
    expect((await change(box, "remove", id, [{ destination: "/mnt" }])).stderr).toBe("");
  },
);

scenario("id-mapped by the container's user namespace", [...needs, userNamespaces], async (box) => {
  const source = directory(box, "mapped");
  const id = await box.started(target(box, addUserNamespace));
  const { status, stderr } = await change(box, "add", id, [
    { destination: "/mnt", source, options: ["bind", "idmap"] },
  ]);
  // The file system of the temporary directory may not support id-mapped mounts.
  if (status !== 0) return expect(stderr).toContain("MOUNT_ATTR_IDMAP");
  expect((await box.exec(id, ["stat:/mnt/file"])).get("stat:/mnt/file").uid).toBe(0);
});

rootless(
  "by an ordinary user: file systems only, for the kernel copies no mount of the host for him",
  [buncOnly],
  async (user, box) => {
    const bundle = user.probe(["sleep"]);
    mkdirSync(`${bundle.rootfs}/mnt`);
    const id = await user.started(bundle);
    const file = box.path("mounts.json");
    writeFileSync(file, JSON.stringify([{ destination: "/mnt", type: "tmpfs", source: "tmpfs" }]));
    await user.must(["mounts", "add", id, file]);
    expect((await user.exec(id, ["create:/mnt/x"])).errno("create:/mnt/x")).toBe("ok");
    await user.must(["mounts", "remove", id, file]);
    expect((await user.exec(id, ["stat:/mnt/x"])).errno("stat:/mnt/x")).toBe("ENOENT");
    writeFileSync(file, JSON.stringify([{ destination: "/mnt", source: user.session, options: ["rbind"] }]));
    expect((await user.call(["mounts", "add", id, file])).stderr).toContain("operation not permitted");
  },
);

scenario(
  "an image with links: nothing is mounted or removed outside of what is named",
  needs,
  async (box) => {
    const bundle = target(box);
    symlinkSync("/proc", `${bundle.rootfs}/link`);
    symlinkSync(box.directory, `${bundle.rootfs}/out`);
    const id = await box.started(bundle);
    const source = directory(box, "evil");
    const intoProc = await change(box, "add", id, [{ destination: "/link/sys", source, options: ["bind"] }]);
    expect(intoProc.status).toBe(1);
    expect(unquoted(intoProc.stderr)).toContain('error mounting "');
    const outside = await change(box, "add", id, [{ destination: "/out/x", type: "tmpfs", source: "tmpfs" }]);
    expect(outside.status).toBe(1);
    expect(existsSync(box.path("x"))).toBe(false);
    const masked = await change(box, "remove", id, [{ destination: "/link/keys" }]);
    expect(masked.status).toBe(1);
    expect((await box.exec(id, ["stat:/proc/keys"])).get("stat:/proc/keys").type).toBe("char");
  },
);

const mistakes: { title: string; mounts: unknown; verb?: "add" | "remove"; error: string }[] = [
  { title: "no JSON array", mounts: 3, error: "accepted" },
  { title: "a mount without destination", mounts: [{ type: "tmpfs" }], error: "mounts[0].destination" },
  {
    title: "a bind without source",
    mounts: [{ destination: "/mnt", options: ["bind"] }],
    error: "mounts[0].source",
  },
  { title: "no type", mounts: [{ destination: "/mnt" }], error: "mounts[0].type" },
  {
    title: "below /proc",
    mounts: [{ destination: "/proc/sys", source: "/tmp", options: ["bind"] }],
    error: "cannot be mounted because it is inside /proc",
  },
  {
    title: "the root",
    mounts: [{ destination: "/", type: "tmpfs", source: "tmpfs" }],
    error: "mounts[0].destination",
  },
  {
    title: "remove what is not mounted",
    mounts: [{ destination: "/mnt" }],
    verb: "remove",
    error: "invalid argument",
  },
];

scenario("refused: a source that is only in the container", needs, async (box) => {
  const bundle = target(box);
  // A name that does not exist on the host.
  const source = `/${box.id()}`;
  writeFileSync(`${bundle.rootfs}${source}`, "");
  const id = await box.started(bundle);
  const { status, stderr } = await change(box, "add", id, [
    { destination: "/mnt", source, options: ["bind"] },
  ]);
  expect(status).toBe(1);
  expect(stderr).toContain("no such file or directory");
});

for (const { title, mounts, verb = "add", error } of mistakes) {
  scenario(`refused: ${title}`, needs, async (box) => {
    const id = await box.started(target(box));
    const { status, stderr } = await change(box, verb, id, mounts);
    expect(status).toBe(1);
    expect(unquoted(stderr)).toContain(error);
  });
}

scenario("a container that has stopped, and one that does not exist", needs, async (box) => {
  const id = await box.started(box.probe(["exit:0"]));
  await box.waitFor(id, "stopped");
  const mounts = [{ destination: "/mnt", type: "tmpfs", source: "tmpfs" }];
  expect((await change(box, "add", id, mounts)).stderr).toContain("container not running");
  expect((await change(box, "add", "no-such", mounts)).stderr).toContain("container does not exist");
});

scenario("the container's own view of cgroups, added later", [...needs, command("true")], async (box) => {
  const id = await box.started(target(box, (config) => addNamespace(config, "cgroup")));
  await add(box, id, [{ destination: "/mnt", type: "cgroup", source: "cgroup", options: ["ro"] }]);
  const { entries } = (await box.exec(id, ["list:/mnt"])).get("list:/mnt");
  expect(entries?.length).toBeGreaterThan(0);
});
