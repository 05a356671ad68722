/** Names that are swapped while a container is created. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { Config } from "../harness/config.ts";
import { onTerminal } from "../harness/consoles.ts";
import { parseMountinfo } from "../harness/mountinfo.ts";
import { Report } from "../harness/probe.ts";
import type { Result } from "../harness/runtime.ts";
import { climbing, decoy, type Race, raceScenario } from "./race.ts";

/** Without the mount at /dev the runtime works in the image's own directory. */
function withoutDevMount(config: Config): void {
  config.mounts = config.mounts.filter(({ destination }) => !destination.startsWith("/dev"));
  config.root.readonly = false;
}

const mountsOf = ({ stdout }: Result) => new Report(stdout).mounts;
const readMounts = "read:/proc/self/mountinfo";

const races: readonly Race[] = [
  {
    key: "mount point",
    other: "the link",
    scene: (box) => {
      const trap = decoy(box, ["file"]);
      const shared = box.path("shared");
      mkdirSync(`${shared}/directory`, { recursive: true });
      symlinkSync(climbing(trap.path), `${shared}/link`);
      const bundle = box.probe([readMounts]);
      const plain = bundle.config.mounts.length;
      return {
        exchanged: [`${shared}/directory`, `${shared}/link`],
        round: async (number) => {
          bundle.edit((config) => {
            config.root.readonly = false;
            config.mounts.length = plain;
            config.mounts.push(
              { destination: "/volume", type: "bind", source: shared, options: ["bind"] },
              { destination: `/volume/directory/made-${number}/deep`, type: "tmpfs", source: "tmpfs" },
            );
          });
          const result = await box.run(bundle);
          if (!trap.isWhole()) return "fell";
          if (result.status !== 0) return "other";
          const made = mountsOf(result).find(({ target }) => target.includes(`made-${number}/deep`));
          return made?.target.startsWith("/volume/") === true ? "right" : "other";
        },
      };
    },
  },
  {
    key: "proc",
    other: "the link",
    scene: (box) => {
      // When the program looks, the directory on which proc is mounted has one of the two names.
      const names = ["/proc", "/link"];
      const looks = names.flatMap((name) => [`stat:${name}/cpuinfo`, `read:${name}/self/mountinfo`]);
      const bundle = box.probe(Array.from({ length: 6 }, () => looks).flat(), (config) => {
        config.root.readonly = false;
        config.linux.maskedPaths = ["/proc/cpuinfo"];
        config.linux.readonlyPaths = ["/proc/sys"];
      });
      mkdirSync(`${bundle.rootfs}/proc`);
      mkdirSync(`${bundle.rootfs}/fake/self`, { recursive: true });
      symlinkSync("/fake", `${bundle.rootfs}/link`);
      const isProtected = (data: string) =>
        parseMountinfo(data).some(
          ({ root, type, options }) => type === "proc" && root === "/sys" && options.includes("ro"),
        );
      return {
        exchanged: [`${bundle.rootfs}/proc`, `${bundle.rootfs}/link`],
        round: async () => {
          const result = await box.run(bundle);
          if (result.status !== 0) return "other";
          const { answers } = new Report(result.stdout);
          // The null device should cover this file.
          if (answers.some(({ type }) => type === "file")) return "fell";
          const tables = answers.flatMap(({ data }) => data ?? []);
          if (!tables.every(isProtected)) return "fell";
          return tables.length > 0 ? "right" : "other";
        },
      };
    },
  },
  {
    key: "null device",
    scene: (box) => {
      const bundle = box.probe(["read:/secret", "write:/secret=overwritten"], (config) => {
        withoutDevMount(config);
        config.linux.maskedPaths = ["/secret"];
      });
      mkdirSync(`${bundle.rootfs}/dev`);
      for (const name of ["precious", "secret"]) writeFileSync(`${bundle.rootfs}/${name}`, name);
      Bun.spawnSync(["mknod", `${bundle.rootfs}/dev/null`, "c", "1", "3"]);
      symlinkSync("/precious", `${bundle.rootfs}/dev/link`);
      return {
        exchanged: [`${bundle.rootfs}/dev/null`, `${bundle.rootfs}/dev/link`],
        round: async () => {
          const result = await box.run(bundle);
          if (result.status !== 0) return "other";
          const isHidden = new Report(result.stdout).get("read:/secret").data === "";
          const isWhole = ["precious", "secret"].every(
            (name) => readFileSync(`${bundle.rootfs}/${name}`, "utf8") === name,
          );
          return isHidden && isWhole ? "right" : "fell";
        },
      };
    },
  },
  {
    key: "console",
    other: "the link",
    scene: (box) => {
      const bundle = box.probe([readMounts], (config) => {
        withoutDevMount(config);
        config.mounts.push({
          destination: "/dev/pts",
          type: "devpts",
          source: "devpts",
          options: ["newinstance", "ptmxmode=0666", "mode=0620"],
        });
        config.process.terminal = true;
      });
      mkdirSync(`${bundle.rootfs}/dev`);
      for (const name of ["precious", "dev/console"]) writeFileSync(`${bundle.rootfs}/${name}`, name);
      symlinkSync("/precious", `${bundle.rootfs}/dev/link`);
      return {
        exchanged: [`${bundle.rootfs}/dev/console`, `${bundle.rootfs}/dev/link`],
        round: async () => {
          const { status, output } = await onTerminal(
            box.commandLine(["run", "--bundle", bundle.directory, box.id()]),
          );
          if (status !== 0) return "other";
          return new Report(output).mounts.some(({ target }) => target === "/precious") ? "fell" : "right";
        },
      };
    },
  },
  {
    key: "sysctl",
    other: "the link",
    scene: (box) => {
      const shared = box.path("shared");
      mkdirSync(`${shared}/directory`, { recursive: true });
      // Inside the container, even for a runtime that joins paths.
      symlinkSync("../proc/sys/net/ipv4", `${shared}/link`);
      const fake = box.path("fake");
      mkdirSync(fake);
      writeFileSync(`${fake}/ping_group_range`, "fake");
      const parameter = "/proc/sys/net/ipv4/ping_group_range";
      const bundle = box.probe([`read:${parameter}`], (config) => {
        config.mounts.push(
          { destination: "/volume", type: "bind", source: shared, options: ["bind"] },
          { destination: "/volume/directory", type: "bind", source: fake, options: ["bind"] },
        );
        config.root.readonly = false;
        config.linux.sysctl = { "net.ipv4.ping_group_range": "0 1000" };
      });
      return {
        exchanged: [`${shared}/directory`, `${shared}/link`],
        round: async () => {
          const result = await box.run(bundle);
          if (readFileSync(`${fake}/ping_group_range`, "utf8") !== "fake") return "fell";
          if (result.status !== 0) return "other";
          return new Report(result.stdout).read(parameter) === "0\t1000\n" ? "right" : "fell";
        },
      };
    },
  },
  {
    key: "read-only path",
    other: "the link",
    scene: (box) => {
      const bundle = box.probe([readMounts], (config) => {
        config.root.readonly = false;
        config.linux.readonlyPaths = ["/protected"];
      });
      for (const name of ["protected", "elsewhere"]) mkdirSync(`${bundle.rootfs}/${name}`);
      symlinkSync("/elsewhere", `${bundle.rootfs}/link`);
      return {
        exchanged: [`${bundle.rootfs}/protected`, `${bundle.rootfs}/link`],
        round: async () => {
          const result = await box.run(bundle);
          if (result.status !== 0) return "other";
          const made = mountsOf(result).filter(
            ({ options, root }) => options.includes("ro") && root.startsWith(bundle.rootfs),
          );
          // A bind mount of one directory on another.
          if (made.some(({ root, target }) => root.endsWith("elsewhere") !== target.endsWith("elsewhere")))
            return "fell";
          return made.some(({ root }) => root.endsWith("elsewhere")) ? "other" : "right";
        },
      };
    },
  },
  {
    key: "devices",
    other: "the link",
    scene: (box) => {
      const trap = decoy(box, ["ptmx"]);
      const bundle = box.probe([], withoutDevMount);
      mkdirSync(`${bundle.rootfs}/dev`);
      symlinkSync(climbing(trap.path), `${bundle.rootfs}/link`);
      return {
        exchanged: [`${bundle.rootfs}/dev`, `${bundle.rootfs}/link`],
        round: async () => {
          const result = await box.run(bundle);
          if (!trap.isWhole()) return "fell";
          // In the container the link leads to the devices that are made there.
          const followed = existsSync(`${bundle.rootfs}${trap.path}`);
          rmSync(`${bundle.rootfs}${trap.path}`, { recursive: true, force: true });
          return result.status === 0 && !followed ? "right" : "other";
        },
      };
    },
  },
];

for (const race of races) raceScenario(race);
