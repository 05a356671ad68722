/** The state directory after a crash or after another program has changed it; and several commands at once. */
import { expect } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cgroupsOf, killIfThere } from "../harness/leaks.ts";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const damages: { name: string; damage: (path: string) => void }[] = [
  { name: "empty", damage: (path) => writeFileSync(path, "") },
  { name: "cut off", damage: (path) => writeFileSync(path, readFileSync(path, "utf8").slice(0, 100)) },
  { name: "no JSON", damage: (path) => writeFileSync(path, "\0\0\0\0") },
  { name: "no UTF-8", damage: (path) => writeFileSync(path, new Uint8Array([0x7b, 0xff, 0x7d])) },
  { name: "another object", damage: (path) => writeFileSync(path, '{"id": 5}') },
  { name: "gone", damage: (path) => rmSync(path) },
];

/** JSON of the right shape except for one value; runc accepts some of them. */
const wrongValues: typeof damages = [
  ...["1.5", "99999999999", "-1", '"1"', "null", "[]"].map((pid) => ({
    name: `with a pid of ${pid}`,
    damage: (path: string) => {
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replace(/"init_process_pid":\s*\d+/, `"init_process_pid":${pid}`));
    },
  })),
  {
    name: "with cgroups that are numbers",
    damage: (path) => {
      const { cgroup_paths: _, ...rest } = JSON.parse(readFileSync(path, "utf8"));
      writeFileSync(path, JSON.stringify({ ...rest, cgroup_paths: { "": 5 } }));
    },
  },
  {
    name: "with a cgroup that is none",
    damage: (path) =>
      writeFileSync(path, readFileSync(path, "utf8").replaceAll("/sys/fs/cgroup/", "/sys/fsoup/")),
  },
  {
    name: "with a unit of systemd's, which did not make it",
    damage: (path) =>
      writeFileSync(path, readFileSync(path, "utf8").replace('"systemdUnit":""', '"systemdUnit":"a.scope"')),
  },
];

for (const { name, damage } of damages) {
  scenario(`state.json is ${name}: the others are listed, this one is told about`, [root], async (box) => {
    const whole = await box.create(box.probe(["sleep"]));
    const broken = await box.create(box.probe(["sleep"]));
    const { pid } = await box.state(broken);
    damage(`${box.root}/${broken}/state.json`);
    const state = await box.call(["state", broken]);
    expect(state.status).toBe(1);
    expect(state.stdout).toBe("");
    const list = await box.call(["list", "--format", "json"]);
    expect(list.status).toBe(0);
    expect(JSON.parse(list.stdout).map(({ id }: { id: string }) => id)).toContain(whole);
    expect(list.stderr).toContain(broken);
    // The runtime cannot kill a container whose state it cannot read; if it does not succeed, it must say so.
    const deleted = await box.call(["delete", "--force", broken]);
    if (deleted.status !== 0) expect(deleted.stderr).not.toBe("");
    killIfThere(pid);
    rmSync(`${box.root}/${broken}`, { recursive: true, force: true });
    await until("its cgroups are empty", async () => {
      for (const path of cgroupsOf(broken)) await Bun.$`rmdir ${path}`.nothrow().quiet();
      return cgroupsOf(broken).length === 0 || undefined;
    });
  });
}

for (const { name, damage } of [...damages, ...wrongValues]) {
  scenario(
    `state.json is ${name}: delete --force removes the container all the same`,
    [root, buncOnly],
    async (box) => {
      const id = await box.started(box.probe(["fork:2", "sleep"]));
      const { pid } = await box.state(id);
      damage(`${box.root}/${id}/state.json`);
      expect((await box.call(["delete", id])).status).toBe(1);
      const deleted = await box.call(["delete", "--force", id]);
      expect(deleted.status).toBe(0);
      expect(deleted.stderr).toContain("removing what the container's configuration leads to");
      expect(existsSync(`${box.root}/${id}`)).toBe(false);
      expect(cgroupsOf(id)).toEqual([]);
      await until("its process has ended", async () => !existsSync(`/proc/${pid}`) || undefined);
    },
  );
}

scenario(
  "two creations of one id at once: one wins, and it works",
  [root, notIn("runc", "1.1.5 has a window between the check and the directory")],
  async (box) => {
    for (let round = 0; round < 10; round++) {
      const id = box.id();
      const bundle = box.probe(["sleep"]);
      const create = () => box.call(["create", "--bundle", bundle.directory, id]);
      const results = await Promise.all([create(), create(), create()]);
      expect(results.map(({ status }) => status).toSorted()).toEqual([0, 1, 1]);
      for (const { status, stderr } of results) {
        if (status !== 0) expect(stderr).toContain("container with given ID already exists");
      }
      expect((await box.state(id)).status).toBe("created");
      await box.must(["delete", "--force", id]);
    }
  },
);

scenario(
  "several starts at once: one wins",
  [root, notIn("runc", "1.1.5 can leave those that lose waiting for ever")],
  async (box) => {
    const id = await box.create(box.probe(["sleep"]));
    const results = await Promise.all(Array.from({ length: 4 }, () => box.call(["start", id])));
    expect(results.filter(({ status }) => status === 0).length).toBe(1);
    expect((await box.state(id)).status).toBe("running");
  },
);

scenario("several deletions at once all end, and nothing is left", [root], async (box) => {
  const id = await box.started(box.probe(["fork:2", "sleep"]));
  await Promise.all(Array.from({ length: 4 }, () => box.call(["delete", "--force", id])));
  expect(existsSync(`${box.root}/${id}`)).toBe(false);
  expect(cgroupsOf(id)).toEqual([]);
});

scenario("a state root that is not writable", [root], async (box) => {
  writeFileSync(box.path("file"), "");
  const bundle = box.probe(["sleep"]);
  const result = await box.call(["create", "--bundle", bundle.directory, box.id()], {
    root: box.path("file"),
  });
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/not a directory/);
});

scenario("an unrelated directory in the state root is not a container", [root], async (box) => {
  mkdirSync(`${box.root}/stranger`, { recursive: true });
  const id = await box.create(box.probe(["sleep"]));
  const list = await box.call(["list", "-q"]);
  expect(list.status).toBe(0);
  expect(list.stdout).toContain(id);
  rmSync(`${box.root}/stranger`, { recursive: true });
});

scenario(
  "list: among very many, unreadable containers do not hide the others",
  [root, buncOnly],
  async (box) => {
    const id = await box.create(box.probe(["sleep"]));
    const text = readFileSync(`${box.root}/${id}/state.json`, "utf8");
    const copies = Array.from({ length: 200 }, (_, index) => `${id}-${String(index).padStart(3, "0")}`);
    for (const copy of copies) {
      mkdirSync(`${box.root}/${copy}`);
      writeFileSync(`${box.root}/${copy}/state.json`, text.replace(`"id":"${id}"`, `"id":"${copy}"`));
    }
    // Longer than everything that is read at once.
    const [long, latin, cut, gone] = [copies[10], copies[70], copies[130], copies[199]] as [
      string,
      string,
      string,
      string,
    ];
    const labels = `"labels":[${JSON.stringify("x".repeat(1 << 20))},`;
    writeFileSync(
      `${box.root}/${long}/state.json`,
      text.replace(`"id":"${id}"`, `"id":"${long}"`).replace('"labels":[', labels),
    );
    writeFileSync(`${box.root}/${latin}/state.json`, Buffer.from(text.replace(id, "\xff"), "latin1"));
    writeFileSync(`${box.root}/${cut}/state.json`, text.slice(0, -2));
    rmSync(`${box.root}/${gone}/state.json`);
    const list = await box.must(["list", "--format", "json"]);
    const bad = [latin, cut, gone];
    expect(JSON.parse(list.stdout).map((container: { id: string }) => container.id)).toEqual(
      [id, ...copies].filter((name) => !bad.includes(name)),
    );
    const complaints = list.stderr.trimEnd().split("\n");
    expect(complaints.length).toBe(bad.length);
    for (const [index, name] of bad.entries())
      expect(complaints[index]).toStartWith(`load container ${name}: `);
    expect(complaints[0]).toContain("not UTF-8: byte 0xff");
    for (const copy of copies) rmSync(`${box.root}/${copy}`, { recursive: true });
  },
);

scenario("the bundle is gone after create: start, state and delete work", [root], async (box) => {
  const bundle = box.probe(["sleep"]);
  const id = await box.create(bundle);
  rmSync(`${bundle.directory}/config.json`);
  await box.must(["start", id]);
  expect((await box.state(id)).status).toBe("running");
  await box.must(["delete", "--force", id]);
});

scenario(
  "an unreadable config.json is reported, not taken for a missing one",
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe([]);
    chmodSync(`${bundle.directory}/config.json`, 0);
    const wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const result = await box.call(["run", "--bundle", bundle.directory, box.id()], { wrapper, root: null });
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("permission denied");
  },
);
