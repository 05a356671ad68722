/** The container's user owns its cgroup if it has a cgroup namespace and a writable cgroup mount. */
import { expect } from "bun:test";
import { addNamespace } from "../harness/config.ts";
import { cgroupV2, notIn, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const USER = 1234;
const oneString = notIn("runc", "treats several options in one string as data");

const withSystemdOnly = notIn("runc", "gives the cgroup to its user only with the systemd driver");

const table: { destination: string; options: string[]; owner: number; needs?: typeof oneString }[] = [
  { destination: "/sys/fs/cgroup", options: ["nosuid"], owner: USER, needs: withSystemdOnly },
  { destination: "/sys/fs/cgroup/", options: ["nosuid"], owner: USER, needs: withSystemdOnly },
  { destination: "/sys/fs/cgroup", options: ["ro", "rw"], owner: USER, needs: withSystemdOnly },
  { destination: "/sys/fs/cgroup", options: ["nosuid", "ro"], owner: 0 },
  { destination: "/sys/fs/cgroup/", options: ["ro"], owner: 0 },
  { destination: "/sys/fs/cgroup", options: ["nosuid,ro"], owner: 0, needs: oneString },
];

for (const { destination, options, owner, needs } of table) {
  const name = `a cgroup mount on ${destination} with ${options.join(" ")}: the cgroup is of user ${owner}`;
  scenario(name, needs === undefined ? [root, cgroupV2] : [root, cgroupV2, needs], async (box) => {
    const file = "/sys/fs/cgroup/cgroup.procs";
    const report = await box.report([`stat:${file}`], (config) => {
      config.process.user = { uid: USER, gid: USER };
      addNamespace(config, "cgroup");
      config.mounts = config.mounts.filter((mount) => mount.destination !== "/sys/fs/cgroup");
      config.mounts.push({ destination, type: "cgroup", source: "cgroup", options });
    });
    expect(report.get(`stat:${file}`)).toMatchObject({ uid: owner });
  });
}
