/** Sources in the container's own root file system: a later bind mount sees what an earlier mount put there. */
import { expect } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { addUserNamespace } from "../harness/config.ts";
import { kernel, notIn, root, userNamespaces } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const chains: { name: string; user: boolean; options: string[] }[] = [
  { name: "as root", user: false, options: ["rbind"] },
  { name: "in a user namespace", user: true, options: ["rbind"] },
  { name: "id-mapped", user: false, options: ["rbind", "idmap"] },
  { name: "id-mapped, in a user namespace", user: true, options: ["rbind", "idmap"] },
];

for (const { name, user, options } of chains) {
  scenario(
    `a later mount sees what an earlier one put there: ${name}`,
    [
      root,
      userNamespaces,
      kernel(6, 3, "id-mapped tmpfs"),
      notIn("runc", "1.1.5 opens the sources before any mount is made"),
    ],
    async (box) => {
      const bundle = box.probe(["read:/final/x/y/z/z/file", "read:/proc/self/mountinfo"], (config) => {
        if (user) addUserNamespace(config);
      });
      const sources = box.path("sources");
      mkdirSync(sources);
      try {
        Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", sources]);
        for (const directory of ["a/x", "b/y", "c/z"])
          mkdirSync(`${sources}/${directory}`, { recursive: true });
        writeFileSync(`${sources}/c/z/file`, "of c");
        // The container's root may not enter it.
        chmodSync(sources, 0o700);
        for (const directory of ["mnt", "final"]) mkdirSync(`${bundle.rootfs}/${directory}`);
        if (user)
          await Bun.$`chown -R 100000:100000 ${bundle.rootfs} ${sources}/a ${sources}/b ${sources}/c`.quiet();
        const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
        const maps = options.includes("idmap") ? { uidMappings: ids, gidMappings: ids } : {};
        bundle.edit((config) => {
          const { rootfs } = bundle;
          const bind = (source: string, destination: string) =>
            config.mounts.push({ source, destination, type: "bind", options: ["bind", "rprivate"] });
          bind(`${sources}/a`, "/mnt");
          bind(`${sources}/b`, "/mnt/x");
          bind(`${sources}/c`, "/mnt/x/y");
          for (const [from, to] of [
            ["mnt/x/y", "mnt/x/y/z"],
            ["mnt", "final"],
          ]) {
            const source = `${rootfs}/${from}`;
            config.mounts.push({ source, destination: `${rootfs}/${to}`, type: "bind", options, ...maps });
          }
        });
        const report = await box.reportOf(bundle);
        expect(report.read("/final/x/y/z/z/file")).toBe("of c");
        const depth = report.mounts.filter(({ target }) => target.startsWith("/final/"));
        expect(depth.map(({ target }) => target).sort()).toEqual(["/final/x", "/final/x/y", "/final/x/y/z"]);
      } finally {
        Bun.spawnSync(["umount", "--lazy", sources]);
      }
    },
  );
}
