/** Numbers that the kernel reads as "no change" or "none" are not valid IDs: they must not make anything run as another user. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { addUserNamespace, type Config, type Edit, mountOf } from "../harness/config.ts";
import { ConsolePeer } from "../harness/consoles.ts";
import { buncOnly, notIn, root, userNamespaces } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

/** (uid_t)-1 */
const NO_ID = 4_294_967_295;

const withUser =
  (user: Partial<Config["process"]["user"]>): Edit =>
  (config) => {
    Object.assign(config.process.user, user);
  };

const withDevice =
  (owner: { uid?: number; gid?: number }): Edit =>
  (config) => {
    config.linux.devices = [{ path: "/dev/pipe", type: "p", ...owner }];
  };

const withMap =
  (containerID: number, hostID: number, size: number): Edit =>
  (config) => {
    addUserNamespace(config);
    config.linux.uidMappings = [{ containerID, hostID, size }];
  };

const refused: [what: string, edit: Edit, path: RegExp][] = [
  ["uid", withUser({ uid: NO_ID }), /process\.user\.uid/],
  ["gid", withUser({ gid: NO_ID }), /process\.user\.gid/],
  ["additional gid", withUser({ additionalGids: [5, NO_ID] }), /process\.user\.additionalGids\[1\]/],
  ["owner of a device", withDevice({ uid: NO_ID }), /linux\.devices\[0\]\.uid/],
  ["group of a device", withDevice({ gid: NO_ID }), /linux\.devices\[0\]\.gid/],
  ["map to no ID", withMap(0, NO_ID, 1), /linux\.uidMappings\[0\]/],
  ["map of no ID", withMap(NO_ID, 100000, 1), /linux\.uidMappings\[0\]/],
  ["map past the last ID", withMap(0, 100000, NO_ID - 99999), /linux\.uidMappings\[0\]/],
  [
    "owner of a file system",
    (config) => void mountOf(config, "/dev/shm").options?.push(`uid=${NO_ID}`),
    /\/dev\/shm/,
  ],
];

for (const [what, edit, path] of refused) {
  scenario(
    `${NO_ID} is refused: ${what}`,
    [root, userNamespaces, ...(what.includes("of a device") ? [notIn("runc", "it leaves the owner")] : [])],
    async (box) => {
      const result = await box.run(box.probe(["self"], edit));
      expect(result.status).not.toBe(0);
      expect(result.stdout).toBe("");
      if (box.runtime.name === "bunc") expect(result.stderr).toMatch(path);
    },
  );
}

const processes: [what: string, user: Config["process"]["user"]][] = [
  ["uid", { uid: NO_ID, gid: 0 }],
  ["gid", { uid: 0, gid: NO_ID }],
  ["additional gid", { uid: 0, gid: 0, additionalGids: [NO_ID] }],
];

scenario(`exec --process refuses ${NO_ID}`, [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  for (const [, user] of processes) {
    const file = box.path("process.json");
    writeFileSync(file, JSON.stringify({ user, args: ["/probe", "self"], cwd: "/" }));
    const result = await box.call(["exec", "--process", file, id]);
    expect(result.status).not.toBe(0);
    expect(result.stdout).toBe("");
    if (box.runtime.name === "bunc") expect(result.stderr).toContain(`no ID`);
  }
});

scenario(`exec refuses ${NO_ID} and what wraps round to an ID`, [root, buncOnly], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  for (const flags of [
    ["--user", `${NO_ID}`],
    ["--user", `0:${NO_ID}`],
    ["--user", `${NO_ID + 1}`],
    ["--user", "-1"],
    ["--additional-gids", `${NO_ID}`],
    ["--additional-gids", `${NO_ID + 6}`],
  ]) {
    const result = await box.call(["exec", ...flags, id, "/probe", "self"]);
    expect([flags, result.status !== 0, result.stdout.includes("uids")]).toEqual([flags, true, false]);
  }
});

scenario("kill sends no signal for an invalid number", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  for (const signal of ["65", "-1", "256", `${NO_ID}`, "18446744073709551625"]) {
    expect((await box.call(["kill", id, "--", signal])).status).not.toBe(0);
  }
  expect((await box.state(id)).status).toBe("running");
});

scenario("an impossible terminal size becomes the largest possible", [root, buncOnly], async (box) => {
  const peer = new ConsolePeer(box.path("console.sock"));
  try {
    await peer.listening();
    const bundle = box.probe(["self"], (config) => {
      config.process.terminal = true;
      config.process.consoleSize = { height: 65_537, width: 70_000 };
    });
    const id = await box.create(bundle, ["--console-socket", peer.socket]);
    await peer.received();
    await box.must(["start", id]);
    expect(await peer.contains('"sessionKeyring"')).toContain('"rows":65535,"columns":65535');
    await box.waitFor(id, "stopped");
  } finally {
    await peer.close();
  }
});
