/** Overlays with many layers, id-mapped mounts, and attributes that only the newer mount calls support. */
import { expect } from "bun:test";
import { chownSync, mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { addUserNamespace, type Mount } from "../harness/config.ts";
import {
  buncOnly,
  kernel,
  kernelIsAtLeast,
  notIn,
  overlay,
  type Requirement,
  root,
  userNamespaces,
} from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const LAYERS = 300;

/** Too long for the page that mount(2) accepts: runc passes the options unchanged and the kernel refuses them. */
function layered(box: Sandbox): Mount {
  const layers = Array.from({ length: LAYERS }, (_, index) => {
    const layer = box.path("layers", String(index).padStart(40, "0"));
    mkdirSync(layer, { recursive: true });
    writeFileSync(`${layer}/file-${index}`, `of layer ${index}`);
    writeFileSync(`${layer}/top`, `${index}`);
    return layer;
  });
  return {
    destination: "/mnt",
    type: "overlay",
    source: "overlay",
    options: [`lowerdir=${layers.join(":")}`],
  };
}

const layerByLayer = kernel(6, 8, "overlay's lowerdir+");

scenario(`an overlay of ${LAYERS} lower layers`, [root, overlay, buncOnly, layerByLayer], async (box) => {
  const actions = ["read:/mnt/file-0", `read:/mnt/file-${LAYERS - 1}`, "read:/mnt/top"];
  const report = await box.report(actions, (config) => config.mounts.push(layered(box)));
  expect(report.read("/mnt/file-0")).toBe("of layer 0");
  expect(report.read(`/mnt/file-${LAYERS - 1}`)).toBe(`of layer ${LAYERS - 1}`);
  expect(report.read("/mnt/top")).toBe("0");
});

scenario(
  `an overlay of ${LAYERS} lower layers: what runc does`,
  [root, overlay, () => (Bun.env["RUNTIME"] === "runc" ? null : "asserted for runc only")],
  async (box) => {
    const result = await box.run(box.probe(["exit:0"], (config) => config.mounts.push(layered(box))));
    expect(result.status).toBe(1);
  },
);

scenario(
  `an overlay of ${LAYERS} lower layers on a kernel that takes them on one page only: said in words`,
  [root, overlay, buncOnly, () => (layerByLayer() === null ? "the kernel takes them one by one" : null)],
  async (box) => {
    const result = await box.run(box.probe(["exit:0"], (config) => config.mounts.push(layered(box))));
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("an overlay may have any number of layers since Linux 6.8");
  },
);

/** tmpfs supports id-mapped mounts since 6.3, disk file systems for longer. mount_setattr(2). */
const tmpfsIsMappable = kernelIsAtLeast(6, 3);
const MAPPABLE_ON_DISK = { ext4: 0xef53, xfs: 0x58465342, btrfs: 0x9123683e };
const mappable: Requirement = () =>
  tmpfsIsMappable || Object.values(MAPPABLE_ON_DISK).includes(statfsSync(tmpdir()).type)
    ? null
    : `needs Linux 6.3, or ${tmpdir()} on one of ${Object.keys(MAPPABLE_ON_DISK).join(", ")}`;

function mountOwn(path: string): void {
  const command = tmpfsIsMappable ? ["-t", "tmpfs", "tmpfs", path] : ["--bind", path, path];
  Bun.spawnSync(["mount", ...command]);
}

/** A source with a file that belongs to 1000, on its own mount that can be id-mapped, and another mount below it. */
async function withOwned(box: Sandbox, body: (source: string) => Promise<void>): Promise<void> {
  const source = box.path("owned");
  mkdirSync(source);
  mountOwn(source);
  try {
    writeFileSync(`${source}/file`, "");
    chownSync(`${source}/file`, 1000, 1000);
    mkdirSync(`${source}/below`);
    mountOwn(`${source}/below`);
    await body(source);
  } finally {
    Bun.spawnSync(["umount", "--recursive", source]);
  }
}

const noIdMaps = notIn("runc", "1.1.5 has no id-mapped mounts");
const mappings = [{ containerID: 1000, hostID: 7, size: 1 }];

scenario(
  "an id-mapped bind with mappings of its own",
  [root, userNamespaces, mappable, noIdMaps],
  async (box) => {
    await withOwned(box, async (source) => {
      const report = await box.report(["stat:/mnt/file"], (config) => {
        config.mounts.push({
          destination: "/mnt",
          type: "bind",
          source,
          options: ["bind"],
          uidMappings: mappings,
          gidMappings: mappings,
        });
      });
      expect(report.get("stat:/mnt/file")).toMatchObject({ uid: 7, gid: 7 });
    });
  },
);

for (const option of ["idmap", "ridmap"]) {
  scenario(
    `${option}: the container's user namespace`,
    [root, userNamespaces, mappable, noIdMaps],
    async (box) => {
      await withOwned(box, async (source) => {
        const bundle = box.probe(["stat:/mnt/file"], (config) => {
          addUserNamespace(config);
          config.mounts.push({ destination: "/mnt", type: "bind", source, options: ["rbind", option] });
        });
        await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
        expect((await box.reportOf(bundle)).get("stat:/mnt/file")).toMatchObject({ uid: 1000, gid: 1000 });
      });
    },
  );
}

scenario(
  "crun's form of the option: mappings in its value",
  [root, userNamespaces, mappable, buncOnly],
  async (box) => {
    await withOwned(box, async (source) => {
      const report = await box.report(["stat:/mnt/file"], (config) => {
        const options = ["bind", "idmap=uids=1000-8-1;gids=1000-9-1"];
        config.mounts.push({ destination: "/mnt", type: "bind", source, options });
      });
      expect(report.get("stat:/mnt/file")).toMatchObject({ uid: 8, gid: 9 });
    });
  },
);

const recursive: { option: string; shown: string }[] = [
  { option: "rro", shown: "ro" },
  { option: "rnosuid", shown: "nosuid" },
  { option: "rnodev", shown: "nodev" },
  { option: "rnoexec", shown: "noexec" },
  { option: "rnoatime", shown: "noatime" },
  { option: "rnodiratime", shown: "nodiratime" },
  { option: "rnosymfollow", shown: "nosymfollow" },
];

for (const { option, shown } of recursive) {
  scenario(
    `${option} reaches the mounts below`,
    [root, notIn("runc", "1.1.5 has only some of them")],
    async (box) => {
      await withOwned(box, async (source) => {
        const { mounts } = await box.report(["read:/proc/self/mountinfo"], (config) => {
          config.mounts.push({ destination: "/mnt", type: "bind", source, options: ["rbind", option] });
        });
        for (const target of ["/mnt", "/mnt/below"]) {
          expect(mounts.find((mount) => mount.target === target)?.options).toContain(shown);
        }
      });
    },
  );
}

scenario(
  "nosymfollow, iversion, lazytime, silent: taken as mount(8) takes them",
  [root, buncOnly],
  async (box) => {
    const { mounts } = await box.report(["read:/proc/self/mountinfo"], (config) => {
      const options = ["nosymfollow", "iversion", "lazytime", "silent"];
      config.mounts.push({ destination: "/mnt", type: "tmpfs", source: "tmpfs", options });
    });
    expect(mounts.find(({ target }) => target === "/mnt")?.options).toContain("nosymfollow");
  },
);

scenario(
  "an id-mapped tmpfs: not only binds",
  [root, userNamespaces, kernel(6, 3, "id-mapped tmpfs"), buncOnly],
  async (box) => {
    const report = await box.report(["stat:/mnt"], (config) => {
      config.mounts.push({
        destination: "/mnt",
        type: "tmpfs",
        source: "tmpfs",
        options: ["idmap", "uid=1000", "gid=1000"],
        uidMappings: mappings,
        gidMappings: mappings,
      });
    });
    expect(report.get("stat:/mnt")).toMatchObject({ uid: 7, gid: 7 });
  },
);

scenario(
  "more mounts than the program may have open files",
  [root, userNamespaces, mappable, buncOnly],
  async (box) => {
    const source = box.path("source");
    mkdirSync(source);
    const bundle = box.probe(["self"], (config) => {
      addUserNamespace(config);
      for (let index = 0; index < 40; index++) {
        config.mounts.push({ destination: `/mnt-${index}`, type: "bind", source, options: ["rbind"] });
      }
      config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 20, hard: 20 }];
    });
    await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
    expect((await box.reportOf(bundle)).self.rlimits["NOFILE"]).toEqual({ soft: "20", hard: "20" });
  },
);
