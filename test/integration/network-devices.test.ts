/** linux.netDevices: host devices that are moved into the container with their addresses. */
import { expect } from "bun:test";
import { addUserNamespace, type Config } from "../harness/config.ts";
import { command, notIn, type Requirement, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const ip = (...args: string[]) => Bun.spawnSync(["ip", ...args], { stderr: "pipe" });

const virtualDevices: Requirement = () => {
  if (Bun.which("ip") === null) return "needs the command ip";
  const name = `bp${process.pid % 100_000}`;
  const made = ip("link", "add", name, "type", "veth", "peer", "name", `${name}x`);
  if (!made.success) return "the kernel makes no veth devices here";
  ip("link", "delete", name);
  return null;
};

const needs = [root, command("ip"), virtualDevices, notIn("runc", "netDevices came with runc 1.4")];

let devices = 0;

/** A veth pair on the host that is up and has addresses. → the name of the end to move. */
async function withDevice(body: (name: string) => Promise<void>): Promise<void> {
  const name = `bt${process.pid % 100_000}n${devices++}`;
  for (const args of [
    ["link", "add", name, "type", "veth", "peer", "name", `${name}x`],
    ["address", "add", "10.231.7.9/24", "dev", name],
    ["address", "add", "fd5c::9/64", "dev", name],
    ["link", "set", name, "up"],
  ]) {
    const done = ip(...args);
    if (!done.success) throw new Error(`ip ${args.join(" ")}: ${done.stderr.toString()}`);
  }
  try {
    await body(name);
  } finally {
    // It disappears with the container's namespace, unless it was never moved there.
    ip("link", "delete", name);
  }
}

const hasOnHost = (name: string) => ip("link", "show", name).success;

function give(config: Config, name: string, newName?: string): void {
  config.linux["netDevices"] = { [name]: newName === undefined ? {} : { name: newName } };
}

const cases: { what: string; newName?: string; userNamespace?: boolean }[] = [
  { what: "under its name" },
  { what: "renamed", newName: "eth7" },
  { what: "renamed, with a user namespace", newName: "eth7", userNamespace: true },
];

const files = ["/proc/net/dev", "/proc/net/if_inet6", "/proc/net/fib_trie", "/proc/net/route"];

for (const { what, newName, userNamespace = false } of cases) {
  scenario(`a device of the host in the container, ${what}`, needs, (box) =>
    withDevice(async (name) => {
      const bundle = box.probe(
        files.map((file) => `read:${file}`),
        (config) => {
          give(config, name, newName);
          if (userNamespace) addUserNamespace(config);
        },
      );
      // Root of that namespace needs this to create its mount points.
      if (userNamespace) await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
      const report = await box.reportOf(bundle);
      const inside = newName ?? name;
      expect(report.read("/proc/net/dev")).toContain(`${inside}:`);
      const addresses = report.read("/proc/net/if_inet6").split("\n");
      const permanent = addresses.find((line) => line.startsWith("fd5c0000000000000000000000000009"));
      expect(permanent).toEndWith(` ${inside}`);
      expect(report.read("/proc/net/fib_trie")).toContain("10.231.7.9");
      // Only a device that is up has a route: 10.231.7.0, in the kernel's byte order.
      expect(report.read("/proc/net/route")).toContain(`${inside}\t0007E70A`);
    }),
  );
}

scenario("a device whose new name is taken stays on the host", needs, (box) =>
  withDevice(async (name) => {
    const result = await box.run(box.probe(["exit:0"], (config) => give(config, name, "lo")));
    expect(result.status).not.toBe(0);
    expect(result.stderr).toContain("file exists");
    expect(hasOnHost(name)).toBe(true);
  }),
);

scenario("a device that does not exist is named", needs, async (box) => {
  const result = await box.run(box.probe(["exit:0"], (config) => give(config, "no-such-dev0")));
  expect(result.status).not.toBe(0);
  expect(result.stderr).toContain("no-such-dev0");
});
