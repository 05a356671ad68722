/** Attacks to which other runtimes have been vulnerable, by CVE number (docs/SECURITY.md). */
import { expect } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { addNamespace, addUserNamespace, type Config, removeNamespace } from "../harness/config.ts";
import { probePath } from "../harness/probe.ts";
import { buncOnly, notIn, root, userNamespaces } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import type { Bundle, Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const digest = (path: string) => new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");

/** Without the mount at /dev the runtime works in the image's own directory. */
function withoutDevMount(config: Config): void {
  config.mounts = config.mounts.filter(({ destination }) => !destination.startsWith("/dev"));
  config.root.readonly = false;
}

/** A directory outside the root file system that must never change. */
function decoy(box: Sandbox): { path: string; unchanged: () => void } {
  const path = box.path("decoy");
  mkdirSync(path);
  for (const name of ["ptmx", "null", "console"]) writeFileSync(`${path}/${name}`, "decoy");
  return {
    path,
    unchanged: () => {
      expect(readdirSync(path).sort()).toEqual(["console", "null", "ptmx"]);
      for (const name of readdirSync(path)) expect(readFileSync(`${path}/${name}`, "utf8")).toBe("decoy");
    },
  };
}

scenario("CVE-2019-5736: the image cannot start or overwrite the runtime", [root], async (box) => {
  const before = digest(box.runtime.path);
  const bundle = box.bundle((config) => {
    config.process.args = ["/script"];
    config.root.readonly = false;
  });
  writeFileSync(`${bundle.rootfs}/script`, "#!/proc/self/exe\n");
  chmodSync(`${bundle.rootfs}/script`, 0o755);
  await box.run(bundle);
  const id = await box.create(box.probe(["sleep"]));
  const report = await box.exec(id, ["open:/proc/1/exe", "link:/proc/1/exe"]);
  expect(report.errno("open:/proc/1/exe")).not.toBe("ok");
  expect(digest(box.runtime.path)).toBe(before);
});

scenario("CVE-2019-16884: no fake /proc", [root], async (box) => {
  mkdirSync(box.path("fake/self/attr"), { recursive: true });
  const bundle = box.probe([], (config) => {
    config.mounts = config.mounts.filter(({ destination }) => destination !== "/proc");
    config.mounts.push({ destination: "/proc", type: "bind", source: box.path("fake"), options: ["bind"] });
  });
  const result = await box.run(bundle);
  expect(result.status).not.toBe(0);
  expect(result.stderr).toMatch(/cannot be mounted because it is not of type proc/);
});

for (const destination of ["/proc/sys", "/proc/self/attr", "/proc/1", "/proc/sysrq-trigger"]) {
  scenario(`CVE-2025-52881: no mount over ${destination}`, [root], async (box) => {
    mkdirSync(box.path("fake"));
    const bundle = box.probe([], (config) => {
      config.mounts.push({ destination, type: "bind", source: box.path("fake"), options: ["bind"] });
    });
    const result = await box.run(bundle);
    expect(result.status).not.toBe(0);
    expect(result.stderr).toMatch(
      /cannot be mounted because it is inside \/?proc|not a directory|inside \\"\/?proc/,
    );
  });
}

scenario("files of /proc that lxcfs covers may be mounted over", [root], async (box) => {
  writeFileSync(box.path("uptime"), "1 1\n");
  const report = await box.report(["read:/proc/uptime"], (config) => {
    config.mounts.push({
      destination: "/proc/uptime",
      type: "bind",
      source: box.path("uptime"),
      options: ["bind"],
    });
  });
  expect(report.read("/proc/uptime")).toBe("1 1\n");
});

for (const name of ["proc", "sys"]) {
  scenario(
    `CVE-2023-28642, CVE-2019-19921: /${name} is a symbolic link in the image`,
    [root],
    async (box) => {
      const bundle = box.probe([]);
      mkdirSync(`${bundle.rootfs}/elsewhere`);
      symlinkSync("/elsewhere", `${bundle.rootfs}/${name}`);
      const result = await box.run(bundle);
      expect(result.status).not.toBe(0);
      expect(result.stderr).toContain("must be mounted on ordinary directory");
    },
  );
}

/** Swaps two names as fast as possible, as an accomplice in another container would. */
function exchanger(first: string, second: string) {
  return Bun.spawn([probePath(), `exchange:${first},${second}`], { stdout: "ignore" });
}

scenario(
  "CVE-2021-30465, CVE-2024-45310: a mount point that is exchanged with a link",
  [root, notIn("runc", "fixed in 1.1.14")],
  async (box) => {
    const trap = decoy(box);
    const shared = box.path("shared");
    mkdirSync(`${shared}/directory`, { recursive: true });
    // Resolved on the host this leads to the decoy; in the container it leads nowhere.
    symlinkSync(`../../../../../../../../../..${trap.path}`, `${shared}/link`);
    const accomplice = exchanger(`${shared}/directory`, `${shared}/link`);
    try {
      for (let attempt = 0; attempt < 40; attempt++) {
        const bundle = box.probe(["list:/"], (config) => {
          config.root.readonly = false;
          config.mounts.push(
            { destination: "/volume", type: "bind", source: shared, options: ["bind"] },
            { destination: "/volume/directory/made/deep", type: "tmpfs", source: "tmpfs" },
          );
        });
        // It may fail or succeed, but must not leave the root file system.
        await box.run(bundle);
        trap.unchanged();
        rmSync(bundle.directory, { recursive: true });
      }
    } finally {
      accomplice.kill("SIGKILL");
      await accomplice.exited;
    }
  },
);

scenario("CVE-2019-18837: a mount point that is a link to the host", [root], async (box) => {
  const trap = decoy(box);
  const bundle = box.probe(["list:/"], (config) => {
    config.root.readonly = false;
    config.mounts.push({ destination: "/dir/new", type: "tmpfs", source: "tmpfs" });
  });
  symlinkSync(trap.path, `${bundle.rootfs}/dir`);
  await box.run(bundle);
  trap.unchanged();
});

for (const length of [0x10000, 0x10010, 0x20000]) {
  scenario(
    `CVE-2021-43784: a namespace path of ${length} bytes is an error, no wrapped length`,
    [root],
    async (box) => {
      const bundle = box.probe([], (config) => {
        removeNamespace(config, "network");
        addNamespace(config, "network", `/${"x".repeat(length)}`);
      });
      const result = await box.run(bundle);
      expect(result.status).toBe(1);
      expect(result.stderr.length).toBeGreaterThan(0);
    },
  );
}

scenario("CVE-2022-29162: no capability is inheritable unless configured", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const report = await box.exec(id, ["read:/proc/self/status"], ["--cap", "CAP_NET_RAW"]);
  expect(report.status("CapInh")).toBe("0000000000000000");
  expect(report.status("CapAmb")).toBe("0000000000000000");
});

scenario(
  "CVE-2023-25809: the cgroup tree is read-only in a user namespace without a cgroup namespace",
  [root, userNamespaces],
  async (box) => {
    const bundle = box.probe(["read:/proc/self/mountinfo"], (config) => addUserNamespace(config));
    await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
    const report = await box.reportOf(bundle);
    const mounts = report.mounts.filter(({ type }) => type.startsWith("cgroup"));
    for (const { options } of mounts) expect(options).toContain("ro");
  },
);

for (let fd = 3; fd < 16; fd++) {
  scenario(`CVE-2024-21626: /proc/self/fd/${fd} as working directory`, [root], async (box) => {
    const bundle = box.probe(["self", "list:."], (config) => {
      config.process.cwd = `/proc/self/fd/${fd}`;
    });
    const result = await box.run(bundle);
    expect(result.status).not.toBe(0);
    expect(result.stdout).toBe("");
    const id = await box.started(box.probe(["sleep"]));
    const executed = await box.call(["exec", "--cwd", `/proc/self/fd/${fd}`, id, "/probe", "list:."]);
    expect(executed.status).not.toBe(0);
    expect(executed.stdout).toBe("");
  });
}

scenario(
  "CVE-2024-21626: a link in the image to /proc/self/fd/7 as working directory",
  [root],
  async (box) => {
    const bundle = box.probe(["list:."], (config) => {
      config.process.cwd = "/work";
    });
    symlinkSync("/proc/self/fd/7", `${bundle.rootfs}/work`);
    const result = await box.run(bundle);
    expect(result.status).not.toBe(0);
    expect(result.stdout).toBe("");
  },
);

scenario(
  "CVE-2025-31133: /dev/null of the image is a link: nothing is masked with its target",
  [root, notIn("runc", "fixed in 1.2.8")],
  async (box) => {
    const bundle = box.probe(["read:/secret", "write:/secret=overwritten"], (config) => {
      withoutDevMount(config);
      config.linux.maskedPaths = ["/secret"];
    });
    mkdirSync(`${bundle.rootfs}/dev`);
    writeFileSync(`${bundle.rootfs}/precious`, "precious");
    writeFileSync(`${bundle.rootfs}/secret`, "secret");
    symlinkSync("/precious", `${bundle.rootfs}/dev/null`);
    const result = await box.run(bundle);
    expect(result.stdout).not.toContain("precious");
    expect(readFileSync(`${bundle.rootfs}/precious`, "utf8")).toBe("precious");
  },
);

for (const name of ["console", "pts", "ptmx"]) {
  scenario(
    `CVE-2025-52565: /dev/${name} of the image is a link`,
    [root, notIn("runc", "fixed in 1.2.8")],
    async (box) => {
      const trap = decoy(box);
      const bundle = box.probe([], withoutDevMount);
      mkdirSync(`${bundle.rootfs}/dev`);
      symlinkSync(`${trap.path}/console`, `${bundle.rootfs}/dev/${name}`);
      await box.run(bundle);
      trap.unchanged();
    },
  );
}

for (const relative of [false, true]) {
  scenario(
    `CVE-2026-41579: /dev of the image is ${relative ? "a relative" : "an absolute"} link to the host`,
    [root, notIn("runc", "fixed in 1.3.6")],
    async (box) => {
      const trap = decoy(box);
      const target = relative ? `../../../../../../..${trap.path}` : trap.path;
      const attempt = async (edit: (config: Config) => void) => {
        const bundle: Bundle = box.probe([], edit);
        symlinkSync(target, `${bundle.rootfs}/dev`);
        await box.run(bundle);
        trap.unchanged();
      };
      await attempt(withoutDevMount);
      await attempt(() => {});
    },
  );
}

scenario(
  "CVE-2016-9962: the waiting init cannot be inspected from inside",
  [root, userNamespaces, buncOnly],
  async (box) => {
    const bundle = box.probe(["sleep"], (config) => addUserNamespace(config));
    await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
    const id = await box.create(bundle);
    // The files of a non-dumpable process belong to the host's root (proc(5)).
    expect(statSync(`/proc/${(await box.state(id)).pid}/environ`).uid).toBe(0);
  },
);

const hostileFiles = (directory: string, marker: string) => {
  const script = `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "ran");`;
  writeFileSync(`${directory}/evil.js`, script);
  writeFileSync(`${directory}/bunfig.toml`, 'preload = ["./evil.js"]\n[run]\npreload = ["./evil.js"]\n');
  writeFileSync(`${directory}/.env`, "HOSTILE=1\nPATH=/nowhere\nBUN_OPTIONS=--preload=./evil.js\n");
  writeFileSync(`${directory}/package.json`, '{"name": "evil", "main": "./evil.js"}');
  writeFileSync(`${directory}/tsconfig.json`, "{ not json");
};

scenario("B1: Bun's files in the bundle are not read", [root, buncOnly], async (box) => {
  const bundle = box.probe(["self"]);
  const marker = box.path("ran");
  hostileFiles(bundle.directory, marker);
  for (const args of [["list"], ["--version"], ["spec", "--help"], ["state", box.id()], ["run", box.id()]]) {
    const result = await box.call(args, { cwd: bundle.directory });
    expect(existsSync(marker)).toBe(false);
    expect(result.stdout).not.toContain("HOSTILE");
  }
});

scenario("B1: variables of the caller do not reach the container", [root, buncOnly], async (box) => {
  const env = { ...bareEnvironment, SECRET_OF_THE_HOST: "1", LD_PRELOAD: "", NODE_OPTIONS: "" };
  const report = await box.reportOf(box.probe(["self"]), [], { env });
  expect(report.self.env.join()).not.toContain("SECRET_OF_THE_HOST");
});

scenario("B5: nothing is written to the temporary directory", [root, buncOnly], async (box) => {
  const temporary = box.path("temporary");
  mkdirSync(temporary);
  const env = { ...bareEnvironment, TMPDIR: temporary, TMP: temporary, TEMP: temporary };
  const id = box.id();
  const bundle = box.probe(["sleep"]);
  await box.must(["create", "--bundle", bundle.directory, id], { env });
  await box.must(["state", id], { env });
  await box.must(["start", id], { env });
  await box.must(["kill", id, "KILL"], { env });
  await box.waitFor(id, "stopped");
  await box.must(["delete", id], { env });
  expect(readdirSync(temporary)).toEqual([]);
});

scenario("B5: no HOME, no TMPDIR, no TERM, a read-only /tmp", [root, buncOnly], async (box) => {
  const wrapper = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs -o ro,size=4k none /var/tmp; exec "$@"',
    "sh",
  ];
  expect((await box.run(box.probe(["exit:6"]), [], { wrapper, env: { TMPDIR: "/var/tmp" } })).status).toBe(6);
});
