/** Names that are swapped in a running container while processes are executed in it, or mounts are added. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { parseMountinfo } from "../harness/mountinfo.ts";
import { Report } from "../harness/probe.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { type Outcome, type Race, raceScenario, type Scene } from "./race.ts";

/** `other`: the file that is swapped with the container's passwd file. */
const passwdRace = (key: string, other: string, make: (path: string) => void): Race => ({
  key,
  other,
  harmless: true,
  scene: async (box): Promise<Scene> => {
    const bundle = box.probe(["sleep"]);
    const file = `${bundle.rootfs}/etc/passwd`;
    mkdirSync(`${bundle.rootfs}/etc`);
    writeFileSync(file, "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/right:/bin/sh\n");
    make(`${file}2`);
    const id = await box.started(bundle);
    return {
      exchanged: [file, `${file}2`],
      round: async (): Promise<Outcome> => {
        const { status, stdout } = await box.call(["exec", "--user", "1000:1000", id, "/probe", "self"]);
        if (status !== 0) return "other";
        const { uids, gids, env } = new Report(stdout).self;
        if (new Set([...uids, ...gids]).size !== 1 || uids[0] !== 1000) return "fell";
        const home = env.find((entry) => entry.startsWith("HOME="));
        if (home === "HOME=/right") return "right";
        return home === "HOME=/" ? "other" : "fell";
      },
    };
  },
});

const races: readonly Race[] = [
  {
    key: "working directory",
    other: "the link",
    scene: async (box: Sandbox) => {
      const shared = box.path("shared");
      const numbers = Array.from({ length: 12 }, (_, index) => `${3 + index}`);
      for (const name of numbers) mkdirSync(`${shared}/directory/${name}/inside`, { recursive: true });
      // Has the same names, but in the runtime's own process: its open descriptors.
      symlinkSync("/proc/self/fd", `${shared}/link`);
      const id = await box.started(
        box.probe(["sleep"], (config) => {
          config.mounts.push({ destination: "/volume", type: "bind", source: shared, options: ["bind"] });
        }),
      );
      return {
        exchanged: [`${shared}/directory`, `${shared}/link`],
        round: async (number) => {
          const directory = `/volume/directory/${numbers[number % numbers.length]}`;
          const words = ["exec", "--cwd", directory, id, "/probe", "list:."];
          const { status, stdout } = await box.call(words);
          if (status !== 0) return "other";
          return new Report(stdout).get("list:.").entries?.join() === "inside" ? "right" : "fell";
        },
      };
    },
  },
  {
    key: "mounts add",
    other: "the link",
    scene: async (box: Sandbox) => {
      const shared = box.path("shared");
      mkdirSync(`${shared}/directory/sys`, { recursive: true });
      // Has the same name below it, on which nothing may be mounted.
      symlinkSync("/proc", `${shared}/link`);
      const id = await box.started(
        box.probe(["sleep"], (config) => {
          config.mounts.push({ destination: "/volume", type: "bind", source: shared, options: ["bind"] });
        }),
      );
      const { pid } = await box.state(id);
      const file = box.path("mounts.json");
      const added = { destination: "/volume/directory/sys", type: "tmpfs", source: "added" };
      writeFileSync(file, JSON.stringify([added]));
      const places = () =>
        parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, "utf8"))
          .filter(({ source }) => source === "added")
          .map(({ target }) => target);
      return {
        exchanged: [`${shared}/directory`, `${shared}/link`],
        round: async () => {
          const before = places().length;
          const { status } = await box.call(["mounts", "add", id, file]);
          const now = places();
          if (now.some((target) => !target.startsWith("/volume/"))) return "fell";
          if (status !== 0) return "other";
          return now.length === before + 1 ? "right" : "fell";
        },
      };
    },
  },
  passwdRace("passwd", "the other file", (path) =>
    writeFileSync(path, "root:x:0:0::/:/bin/sh\napp:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\n"),
  ),
  passwdRace("passwd that blocks", "the FIFO", (path) => void Bun.spawnSync(["mkfifo", path])),
];

for (const race of races) raceScenario(race);
