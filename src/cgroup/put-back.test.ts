import { expect, test } from "bun:test";
import { useCore } from "../native/fake-core.ts";
import type { CgroupLocation } from "./paths.ts";
import { earlierValue, rememberFiles } from "./put-back.ts";
import type { CgroupSetting } from "./resources/setting.ts";

test.each([
  ["pids.max", "5", "max\n", "max"],
  ["cpu.max", "1000 2000", "max 100000\n", "max 100000"],
  ["memory.oom_control", "0", "oom_kill_disable 1\nunder_oom 0\noom_kill 0\n", "1"],
  [
    "io.max",
    "8:0 rbps=5",
    "8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=2\n",
    "8:0 rbps=1 wbps=max riops=max wiops=max",
  ],
  ["io.max", "8:0 rbps=5", "", "8:0 rbps=max wbps=max riops=max wiops=max"],
  ["io.weight", "8:0 100", "default 50\n8:16 70\n", "8:0 default"],
  ["io.weight", "100", "default 50\n8:16 70\n", "default 50"],
  ["io.bfq.weight", "100", "default 50\n", "default 50"],
  ["blkio.bfq.weight", "100", "50\n", "50"],
  ["blkio.throttle.read_bps_device", "8:0 5", "8:0 1\n", "8:0 1"],
  ["blkio.throttle.read_bps_device", "8:0 5", "", "8:0 0"],
  ["net_prio.ifpriomap", "eth0 5", "lo 0\neth0 2\n", "eth0 2"],
  ["rdma.max", "mlx5_0 hca_handle=1", "", "mlx5_0 hca_handle=max hca_object=max"],
] as const)("%s: before %j there was %j", (file, value, text, expected) => {
  expect(earlierValue({ file, value }, text)).toBe(expected);
});

test("what has not changed is not written: a kernel may refuse the reset of what was never set", () => {
  const files: Record<string, string> = {
    "io.bfq.weight": "default 100\n8:0 444\n",
    "io.weight": "default 100\n",
  };
  const written: string[] = [];
  useCore({
    cgroup_read: ({ groups: [group] }) => ({
      files: (group?.files ?? []).map((file) => ({ errno: 0, text: files[file] ?? "" })),
    }),
    cgroup_write: ({ groups: [group] }) => {
      for (const { file, value } of group?.writes ?? []) {
        written.push(`${file} ${value}`);
        if (file === "io.weight") throw new Error("operation not supported");
      }
      return { tolerated: [] };
    },
  });
  const locations = [{ controller: "", mount: "/sys/fs/cgroup", path: "/c" }] as unknown as CgroupLocation[];
  const setting = {
    controller: "",
    file: "io.bfq.weight",
    value: "8:0 222",
    alternative: { file: "io.weight", value: "8:0 222" },
  } as unknown as CgroupSetting;
  const putBack = rememberFiles(locations, [setting]);
  files["io.bfq.weight"] = "default 100\n8:0 222\n";
  putBack();
  expect(written).toEqual(["io.bfq.weight 8:0 444"]);
});
