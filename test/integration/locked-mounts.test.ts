/** Other cases in which the flags of the host's mounts are locked, and cases in which nothing is. mount_namespaces(7). */
import { expect } from "bun:test";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import {
  bindOf,
  expectRefusal,
  inUserNamespace,
  mountWith,
  shownAt,
  strict,
  withAdmin,
  withMounts,
} from "../harness/flagged-mounts.ts";
import { mountAt } from "../harness/mountinfo.ts";
import { rootless } from "../harness/ordinary-user.ts";
import { buncOnly, kernel, root, userNamespaces } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const mountinfo = "read:/proc/self/mountinfo";
const asked = ["remount:/mnt", "create:/mnt/file", mountinfo];

scenario("the container's root cannot take a locked flag away", [root, userNamespaces], async (box) => {
  const source = box.path("source");
  mountWith(source, "ro,nosuid");
  await withMounts([source], async () => {
    for (const options of ["bind", "bind,noexec,ro,nosuid"]) {
      const bundle = inUserNamespace(box, asked, withAdmin(bindOf(source, options)));
      const report = await box.reportOf(bundle);
      expect([options, report.errno("remount:/mnt")]).toEqual([options, "EPERM"]);
      expect([options, report.errno("create:/mnt/file")]).toEqual([options, "EROFS"]);
    }
  });
});

scenario("a flag that only the bind has is not locked", [root, userNamespaces], async (box) => {
  const source = box.path("source");
  mountWith(source, "relatime");
  await withMounts([source], async () => {
    const bundle = inUserNamespace(box, ["remount:/mnt", mountinfo], withAdmin(bindOf(source, "bind,ro")));
    const report = await box.reportOf(bundle);
    expect(report.errno("remount:/mnt")).toBe("ok");
    expect(mountAt(report.mounts, "/mnt")?.options).toContain("rw");
  });
});

scenario("a mount of the container itself is not locked", [root, userNamespaces, strict], async (box) => {
  const bundle = inUserNamespace(box, [mountinfo], () => {});
  bundle.edit((config) => {
    config.mounts.push({
      destination: "/mnt",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "nodev"],
    });
    config.mounts.push({
      destination: "/copy",
      type: "bind",
      source: `${bundle.rootfs}/mnt`,
      options: ["bind", "suid", "ro"],
    });
  });
  const { mounts } = await box.reportOf(bundle);
  expect(mountAt(mounts, "/copy")?.options.sort().join()).toBe("relatime,ro");
});

/** A source with another mount below it. */
async function withMountBelow(
  box: Sandbox,
  flags: string,
  body: (source: string) => Promise<void>,
): Promise<void> {
  const source = box.path("source");
  mountWith(source, "relatime");
  mountWith(`${source}/below`, flags);
  await withMounts([source, `${source}/below`], () => body(source));
}

scenario(
  "recursive options: a mount below has the locked flag",
  [root, userNamespaces, strict],
  async (box) => {
    await withMountBelow(box, "ro", async (source) => {
      const shown = await box.run(inUserNamespace(box, [mountinfo], bindOf(source, "rbind,rnosuid,rw")));
      expect([shown.stderr, shownAt(shown.stdout, "/mnt/below")]).toEqual(["", "nosuid,relatime,ro"]);
      const result = await box.run(inUserNamespace(box, [mountinfo], bindOf(source, "rbind,rrw")));
      expect(result.status).toBe(1);
      expect(result.stderr).toContain("operation not permitted");
      if (box.runtime.name !== "bunc") return;
      expect(result.stderr).toContain(`(rw would replace ro: locked by the mount at ${source}/below)`);
    });
  },
);

scenario("recursive options without a user namespace", [root, strict], async (box) => {
  await withMountBelow(box, "ro", async (source) => {
    const { mounts } = await box.report([mountinfo], bindOf(source, "rbind,rrw"));
    expect(mountAt(mounts, "/mnt/below")?.options).toContain("rw");
  });
});

scenario(
  "what is mounted below a source cannot be uncovered in a user namespace",
  [root, userNamespaces],
  async (box) => {
    await withMountBelow(box, "ro", async (source) => {
      const result = await box.run(inUserNamespace(box, [mountinfo], bindOf(source, "bind")));
      expect(result.status).toBe(1);
      expect(result.stderr).toContain("invalid argument");
      if (box.runtime.name === "bunc") expect(result.stderr).toContain("bind it recursively (rbind)");
    });
  },
);

scenario(
  "a source that the container's root may not reach is locked too",
  [root, userNamespaces, strict],
  async (box) => {
    const hidden = box.path("hidden");
    mkdirSync(hidden);
    chmodSync(hidden, 0o700);
    mountWith(`${hidden}/source`, "ro");
    await withMounts([`${hidden}/source`], async () => {
      const bundle = inUserNamespace(box, asked, withAdmin(bindOf(`${hidden}/source`, "bind,nosuid")));
      const report = await box.reportOf(bundle);
      expect(mountAt(report.mounts, "/mnt")?.options.sort().join()).toBe("nosuid,relatime,ro");
      expect(report.errno("remount:/mnt")).toBe("EPERM");
      const result = await box.run(inUserNamespace(box, asked, bindOf(`${hidden}/source`, "bind,rw")));
      expect(result.status).toBe(1);
      expect(result.stderr).toContain("operation not permitted");
    });
  },
);

const idMaps = {
  uidMappings: [{ containerID: 1000, hostID: 100000, size: 1 }],
  gidMappings: [{ containerID: 1000, hostID: 100000, size: 1 }],
};

for (const [name, options, given] of [
  ["mappings of its own", "bind,nosuid", idMaps],
  ["the container's mappings", "bind,nosuid,idmap", {}],
] as const) {
  scenario(
    `an id-mapped source with ${name} is locked too`,
    [root, userNamespaces, strict, kernel(6, 3, "id-mapped tmpfs")],
    async (box) => {
      const source = box.path("source");
      mountWith(source, "rw");
      await withMounts([source], async () => {
        writeFileSync(`${source}/file`, "");
        chownSync(`${source}/file`, 1000, 1000);
        Bun.spawnSync(["mount", "--bind", "-o", "remount,ro", source]);
        const mount = { destination: "/mnt", type: "bind", source, options: options.split(","), ...given };
        const bundle = inUserNamespace(
          box,
          [...asked, "stat:/mnt/file"],
          withAdmin((config) => config.mounts.push(mount)),
        );
        const report = await box.reportOf(bundle);
        expect(report.get("stat:/mnt/file").uid).toBe(given === idMaps ? 0 : 1000);
        expect(mountAt(report.mounts, "/mnt")?.options).toContain("ro");
        expect(report.errno("remount:/mnt")).toBe("EPERM");
        bundle.edit(() => mount.options.push("rw"));
        expect((await box.run(bundle)).status).toBe(1);
      });
    },
  );
}

rootless(
  "an ordinary user's container cannot clear the host's flags either",
  [buncOnly],
  async (user, box) => {
    const source = box.path("source");
    mountWith(source, "ro,nosuid");
    await withMounts([source], async () => {
      const { mounts } = await user.report(user.probe([mountinfo], bindOf(source, "bind,noexec")));
      expect(mountAt(mounts, "/mnt")?.options.sort().join()).toBe("noexec,nosuid,relatime,ro");
      const bundle = user.probe([mountinfo], bindOf(source, "bind,rw"));
      const result = await user.call(["run", "--bundle", bundle.directory, box.id()]);
      expect(result.status).toBe(1);
      expectRefusal(box, result.stderr, source, "rw would replace ro");
    });
  },
);

scenario(
  "mounts that are added to a container in a user namespace are locked",
  [root, userNamespaces, buncOnly],
  async (box) => {
    const source = box.path("source");
    mountWith(source, "ro,nosuid");
    await withMounts([source], async () => {
      const bundle = inUserNamespace(
        box,
        ["sleep"],
        withAdmin(() => {}),
      );
      const id = await box.started(bundle);
      const file = box.path("mounts.json");
      const add = (options: string[]) => {
        writeFileSync(file, JSON.stringify([{ destination: "/mnt", type: "bind", source, options }]));
        return box.call(["mounts", "add", id, file]);
      };
      const refusal = await add(["bind", "rw"]);
      expect(refusal.status).toBe(1);
      expect(refusal.stderr).toContain(`(rw would replace ro: locked by the mount at ${source})`);
      expect(await add(["bind", "noexec"])).toMatchObject({ status: 0, stderr: "" });
      const report = await box.exec(id, asked, ["--cap", "CAP_SYS_ADMIN"]);
      expect(mountAt(report.mounts, "/mnt")?.options.sort().join()).toBe("noexec,nosuid,relatime,ro");
      expect(report.errno("remount:/mnt")).toBe("EPERM");
      // Nothing of it has appeared on the host.
      expect(await Bun.file("/proc/self/mountinfo").text()).not.toContain(`${bundle.rootfs}/mnt`);
    });
  },
);

scenario("a remount keeps what is locked", [root, userNamespaces, buncOnly], async (box) => {
  const source = box.path("source");
  mountWith(source, "nosuid,nodev");
  await withMounts([source], async () => {
    const remounted = (options: string[]) =>
      inUserNamespace(box, [mountinfo], (config) => {
        bindOf(source, "bind")(config);
        config.mounts.push({
          destination: "/mnt",
          type: "bind",
          source,
          options: ["bind", "remount", ...options],
        });
      });
    const { mounts } = await box.reportOf(remounted(["ro"]));
    expect(mountAt(mounts, "/mnt")?.options.sort().join()).toBe("nodev,nosuid,relatime,ro");
    const result = await box.run(remounted(["suid"]));
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("suid would replace nosuid: locked by the mount at");
  });
});
