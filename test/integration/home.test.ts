/** If process.env has no HOME, it comes from the container's /etc/passwd: a file that the image controls. */
import { expect } from "bun:test";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { buncOnly, type Requirement, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n";

interface Case {
  what: string;
  make: (path: string) => void;
  env?: string[];
  uid?: number;
  home: string;
  /** With this file runc fails or waits forever. */
  hostile?: boolean;
}

const cases: Case[] = [
  { what: "an entry", make: (path) => writeFileSync(path, passwd), home: "/root" },
  {
    what: "an entry of another user",
    make: (path) => writeFileSync(path, passwd),
    uid: 1000,
    home: "/home/app",
  },
  { what: "no entry", make: (path) => writeFileSync(path, passwd), uid: 77, home: "/" },
  { what: "no file", make: () => {}, home: "/" },
  {
    what: "HOME in the environment",
    make: (path) => writeFileSync(path, passwd),
    env: ["HOME=/own"],
    home: "/own",
  },
  { what: "an empty HOME", make: (path) => writeFileSync(path, passwd), env: ["HOME="], home: "/root" },
  {
    what: "a link out of the image",
    make: (path) => symlinkSync("../../../../../../etc/passwd", path),
    home: "/",
  },
  { what: "a FIFO", make: (path) => void Bun.spawnSync(["mkfifo", path]), home: "/", hostile: true },
  { what: "a directory", make: (path) => mkdirSync(path), home: "/", hostile: true },
  {
    what: "a file of 1 TiB without a line",
    make: (path) => {
      writeFileSync(path, "");
      truncateSync(path, 2 ** 40);
    },
    home: "/",
    hostile: true,
  },
];

for (const { what, make, env = [], uid = 0, home, hostile = false } of cases) {
  const needs: Requirement[] = hostile ? [root, buncOnly] : [root];
  scenario(`HOME with ${what}`, needs, async (box) => {
    const bundle = box.probe(["self"], (config) => {
      config.process.env.push(...env);
      config.process.user = { uid, gid: uid };
    });
    mkdirSync(`${bundle.rootfs}/etc`);
    make(`${bundle.rootfs}/etc/passwd`);
    const { self } = await box.reportOf(bundle);
    expect(self.env.filter((entry) => entry.startsWith("HOME="))).toEqual([`HOME=${home}`]);
  });
}
