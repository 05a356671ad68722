import { expect, test } from "bun:test";
import { earlierValue } from "./put-back.ts";

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
