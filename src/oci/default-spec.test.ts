import { describe, expect, test } from "bun:test";
import { hostFacts } from "../host/host.ts";
import { defaultSpec } from "./default-spec.ts";
import { loadConfig } from "./validate.ts";

// biome-ignore lint/suspicious/noExplicitAny: JSON of another program
type Raw = any;

const runc = Bun.which("runc");

/** What runc 1.1 still did and runc 1.5 does no more. */
function withoutAgeOfRunc11(spec: Raw): Raw {
  const { ambient: _dropped, ...capabilities } = spec.process.capabilities;
  return {
    ...spec,
    // Each runtime states the version of the specification that it implements.
    ociVersion: "x",
    // Ambient capabilities left the example in runc 1.2: they reached every program the shell started.
    process: { ...spec.process, capabilities },
    mounts: spec.mounts.map((mount: Raw) => ({ ...mount, options: mount.options ?? [] })),
  };
}

async function runcSpec(...flags: string[]): Promise<Raw> {
  const directory = (await Bun.$`mktemp -d`.text()).trim();
  try {
    await Bun.$`${runc} spec --bundle ${directory} ${flags}`.quiet();
    return await Bun.file(`${directory}/config.json`).json();
  } finally {
    await Bun.$`rm -r ${directory}`;
  }
}

describe.skipIf(runc === null)("the same as runc's, when runc is installed", () => {
  for (const rootless of [false, true]) {
    test(rootless ? "--rootless" : "for root", async () => {
      const theirs = await runcSpec(...(rootless ? ["--rootless"] : []));
      const cgroupV2 = theirs.linux.namespaces.some((namespace: Raw) => namespace.type === "cgroup");
      const ids = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
      const ours = JSON.parse(
        JSON.stringify(defaultSpec(rootless ? { cgroupV2, rootless: ids } : { cgroupV2 })),
      );
      expect(withoutAgeOfRunc11(ours)).toEqual(withoutAgeOfRunc11(theirs));
    });
  }
});

test("it is accepted", () => {
  const texts = {
    release: "6.18.0",
    euid: 0,
    egid: 0,
    cgroup_file_system: "cgroup2",
    self_cgroup: "0::/\n",
    mountinfo: "",
    uid_map: "0 0 4294967295\n",
    gid_map: "0 0 4294967295\n",
    apparmor: "",
    streams: ["/dev/null", "/dev/null", "/dev/null"],
  };
  for (const euid of [0, 1000]) {
    const host = hostFacts({ ...texts, euid, egid: euid });
    const spec = defaultSpec(
      euid === 0 ? { cgroupV2: true } : { cgroupV2: true, rootless: { uid: euid, gid: euid } },
    );
    const loaded = loadConfig(JSON.stringify(spec), {
      host,
      bundle: "/bundle",
      noPivot: false,
      rootlessCgroups: euid !== 0,
    });
    expect(loaded.warnings).toEqual([]);
  }
});
