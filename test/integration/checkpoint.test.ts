/** `checkpoint` and `restore` with the installed CRIU; the same tests hold for runc. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import type { Edit } from "../harness/config.ts";
import { ConsolePeer } from "../harness/consoles.ts";
import {
  COUNT,
  checkpoint,
  counted,
  counting,
  countsPast,
  exists,
  needs,
  quiet,
  restore,
  WAIT,
} from "../harness/criu.ts";
import { buncOnly, cgroupV2, command, root, systemd } from "../harness/requirements.ts";
import { bareEnvironment, unquoted } from "../harness/runtime.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { shell } from "../harness/shell.ts";

scenario("a checkpoint ends the container; restored, it goes on where it was", needs, async (box) => {
  const { bundle, id } = await counting(box);
  for (const round of ["first", "second"]) {
    await checkpoint(box, id);
    expect(await exists(box, id)).toBe(false);
    expect(JSON.parse(readFileSync(box.path("images", "descriptors.json"), "utf8"))).toEqual([
      "/dev/null",
      "/dev/null",
      "/dev/null",
    ]);
    const before = counted(bundle);
    expect(before, round).toBeGreaterThan(3);
    await restore(box, bundle, id, "--pid-file", box.path("pid"));
    const { pid, status } = await box.state(id);
    expect(status).toBe("running");
    expect(readFileSync(box.path("pid"), "utf8")).toBe(String(pid));
    await countsPast(bundle, before + 3);
    const processes = (await box.must(["exec", id, "/bin/cat", "/proc/1/cmdline"])).stdout;
    expect(processes).toContain("while :");
  }
  await box.must(["kill", id, "KILL"]);
  await box.waitFor(id, "stopped");
  await box.must(["delete", id]);
  expect(readFileSync("/proc/mounts", "utf8")).not.toContain(box.name);
});

scenario(
  "run and restore in the foreground relay the output, and restore recreates its pipe",
  needs,
  async (box) => {
    const bundle = shell(
      box,
      `i=0; until [ -e /data/stop ]; do i=$((i+1)); echo $i; ${WAIT}; done; echo end >/dev/stdout`,
      (config) => {
        config.process.user = { uid: 1000, gid: 1000 };
      },
    );
    const id = box.id();
    const lines = (name: string) =>
      existsSync(box.path(name)) ? readFileSync(box.path(name), "utf8").split("\n") : [];
    const foreground = (name: string, args: string[]) =>
      Bun.spawn(
        ["sh", "-c", `exec "$@" </dev/null >${box.path(name)} 2>&1`, "sh", ...box.commandLine(args)],
        { env: bareEnvironment },
      );
    const first = foreground("first", ["run", "--bundle", bundle.directory, id]);
    await until("it counts", () => lines("first").length > 3);
    await checkpoint(box, id);
    await first.exited;
    const streams = JSON.parse(readFileSync(box.path("images", "descriptors.json"), "utf8"));
    expect(streams[1]).toMatch(/^pipe:\[\d+\]$/);
    const places = ["--image-path", box.path("images"), "--work-path", box.path("work")];
    const second = foreground("second", ["restore", ...places, "--bundle", bundle.directory, id]);
    await until("it counts again", () => lines("second").length > 3);
    writeFileSync(`${bundle.rootfs}/data/stop`, "");
    expect(await second.exited).toBe(0);
    expect(Number(lines("second")[0])).toBeGreaterThanOrEqual(Number(lines("first").at(-2)));
    expect(lines("second").slice(-2)).toEqual(["end", ""]);
  },
);

scenario("--leave-running leaves it running", needs, async (box) => {
  const { bundle, id } = await counting(box);
  await checkpoint(box, id, "--leave-running");
  expect((await box.state(id)).status).toBe("running");
  await countsPast(bundle, counted(bundle) + 1);
  await box.must(["delete", "--force", id]);
  const before = counted(bundle);
  const other = box.id();
  await restore(box, bundle, other, "--manage-cgroups-mode", "ignore");
  await countsPast(bundle, before + 1);
});

scenario("--pre-dump saves memory, and a checkpoint with --parent-path the rest", needs, async (box) => {
  const { bundle, id } = await counting(box);
  await box.must(["checkpoint", "--pre-dump", "--image-path", box.path("before"), id]);
  expect((await box.state(id)).status).toBe("running");
  expect(existsSync(box.path("before", "descriptors.json"))).toBe(false);
  await checkpoint(box, id, "--parent-path", "../before");
  expect(existsSync(box.path("images", "parent"))).toBe(true);
  const before = counted(bundle);
  await restore(box, bundle, id);
  await countsPast(bundle, before + 1);
});

scenario(
  "binds, one in another, and masked paths; places that have gone are made again",
  needs,
  async (box) => {
    const [outer, inner] = [box.path("outer"), box.path("inner")];
    for (const path of [outer, inner]) mkdirSync(path);
    const { bundle, id } = await counting(box, (config) => {
      config.mounts.push({ destination: "/outer", type: "bind", source: outer, options: ["rbind", "rw"] });
      config.mounts.push({
        destination: "/outer/deep/inner",
        type: "bind",
        source: inner,
        options: ["bind"],
      });
      config.linux["maskedPaths"] = ["/proc/kcore", "/proc/keys", "/proc/acpi", "/sys/firmware"];
    });
    await checkpoint(box, id);
    Bun.spawnSync(["rm", "-rf", `${outer}/deep`]);
    const before = counted(bundle);
    await restore(box, bundle, id);
    await countsPast(bundle, before + 1);
    await box.must(["exec", id, "/bin/sh", "-c", "echo x >/outer/deep/inner/file"]);
    expect(readFileSync(`${inner}/file`, "utf8")).toBe("x\n");
    expect((await box.must(["exec", id, "/bin/cat", "/proc/keys"])).stdout).toBe("");
  },
);

scenario("the terminal's new master goes to --console-socket", needs, async (box) => {
  const bundle = shell(box, "while read line; do echo got-$line; done", (config) => {
    config.process.terminal = true;
  });
  const id = box.id();
  const first = new ConsolePeer(box.path("first.sock"));
  await first.listening();
  await box.must(
    ["run", "--detach", "--console-socket", first.socket, "--bundle", bundle.directory, id],
    quiet,
  );
  await first.received();
  first.write("one\n");
  await first.contains("got-one");
  await checkpoint(box, id);
  const second = new ConsolePeer(box.path("second.sock"));
  await second.listening();
  await restore(box, bundle, id, "--console-socket", second.socket);
  await second.received();
  second.write("two\n");
  await second.contains("got-two");
});

scenario("restored in the foreground, its end is the command's, and it is deleted", needs, async (box) => {
  const bundle = shell(box, `while [ ! -e /data/stop ]; do ${WAIT}; done; exit 7`);
  const id = box.id();
  await box.must(["run", "--detach", "--bundle", bundle.directory, id], quiet);
  await checkpoint(box, id);
  const flags = ["--image-path", box.path("images"), "--bundle", bundle.directory];
  const ended = box.call(["restore", ...flags, id], quiet);
  await until("it runs", async () => ((await exists(box, id)) ? true : undefined));
  await box.waitFor(id, "running");
  await Bun.write(`${bundle.rootfs}/data/stop`, "");
  expect((await ended).status).toBe(7);
  expect(await exists(box, id)).toBe(false);
});

scenario("a network namespace by path is joined again", [...needs, command("ip")], async (box) => {
  const name = box.name.slice(-12);
  const path = `/run/netns/${name}`;
  Bun.spawnSync(["ip", "netns", "add", name]);
  try {
    const { bundle, id } = await counting(box, (config) => {
      for (const namespace of config.linux.namespaces ?? []) {
        if (namespace.type === "network") namespace.path = path;
      }
    });
    const before = readlinkSync(`/proc/${(await box.state(id)).pid}/ns/net`);
    await checkpoint(box, id);
    await restore(box, bundle, id);
    expect(readlinkSync(`/proc/${(await box.state(id)).pid}/ns/net`)).toBe(before);
    await box.must(["delete", "--force", id]);
  } finally {
    Bun.spawnSync(["ip", "netns", "delete", name]);
  }
});

scenario("with systemd it is a scope again, and limited", [...needs, systemd, cgroupV2], async (box) => {
  const limits: Edit = (config) => {
    config.linux.resources = { pids: { limit: 33 } };
  };
  const { bundle, id } = await counting(box, limits, ["--systemd-cgroup"]);
  await checkpoint(box, id);
  const paths = ["--image-path", box.path("images"), "--bundle", bundle.directory];
  await box.must(["--systemd-cgroup", "restore", "--detach", ...paths, id], quiet);
  const { pid } = await box.state(id);
  const cgroup = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().slice("0::".length);
  expect(cgroup).toContain(`runc-${id}.scope`);
  expect(readFileSync(`/sys/fs/cgroup${cgroup}/pids.max`, "utf8")).toBe("33\n");
  await countsPast(bundle, counted(bundle) + 1);
});

scenario(
  "createRuntime hooks run when it is restored, poststop hooks when it was saved",
  needs,
  async (box) => {
    const log = box.path("hooks");
    const hook = (name: string) => ({
      path: "/bin/sh",
      args: ["sh", "-c", `cat >/dev/null; echo ${name} >>${log}`],
    });
    const { bundle, id } = await counting(box, (config) => {
      config.hooks = { createRuntime: [hook("createRuntime")], poststop: [hook("poststop")] };
    });
    await checkpoint(box, id);
    await restore(box, bundle, id);
    expect(readFileSync(log, "utf8")).toBe("createRuntime\npoststop\ncreateRuntime\n");
  },
);

scenario(
  "a file of the host that is open stops a checkpoint, and the container runs on",
  needs,
  async (box) => {
    const bundle = shell(box, COUNT);
    const id = box.id();
    // Its standard output is a file of this test.
    await box.must(["run", "--detach", "--bundle", bundle.directory, id]);
    await countsPast(bundle, 3);
    const refused = await box.call(["checkpoint", "--image-path", box.path("images"), id]);
    expect(refused.status).toBe(1);
    const said = unquoted(refused.stderr);
    expect(said).toContain("criu failed");
    expect(said).toContain("Can't lookup mount");
    expect((await box.state(id)).status).toBe("running");
    await countsPast(bundle, counted(bundle) + 1);
  },
);

scenario("what an error says about CRIU", [...needs, buncOnly], async (box) => {
  const bundle = shell(box, COUNT);
  const id = box.id();
  await box.must(["run", "--detach", "--bundle", bundle.directory, id]);
  const log = box.path("log");
  const flags = ["--log", log, "--log-format", "json", "checkpoint", "--image-path", box.path("images")];
  expect((await box.call([...flags, id])).status).toBe(1);
  const record = JSON.parse(readFileSync(log, "utf8")) as Record<string, string>;
  expect(record).toMatchObject({ level: "error", path: box.path("images", "dump.log"), step: "criu" });
  expect(record["detail"]).toMatch(/^Error \(criu\/files-reg.c:\d+\): Can't lookup mount/);
  expect(record["hint"]).toMatch(/outside of the container.*CRIU \d+\.\d+.*on Linux \d/);
});

scenario("what cannot be saved or restored is refused", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  const created = await box.call(["checkpoint", "--image-path", box.path("images"), id]);
  expect(created.status).toBe(1);
  expect(created.stderr).toContain("Container cannot be checkpointed in created state");
  const unknown = await box.call(["checkpoint", box.id()]);
  expect(unknown.stderr).toContain("container does not exist");
});

scenario("restore without images leaves nothing behind", needs, async (box) => {
  const id = box.id();
  mkdirSync(box.path("images"));
  const flags = ["--image-path", box.path("images"), "--bundle", shell(box, COUNT).directory];
  const refused = await box.call(["restore", "--detach", ...flags, id]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("descriptors.json");
  expect(await exists(box, id)).toBe(false);
});

scenario("without criu on PATH the package is named", [root, buncOnly, command("mount")], async (box) => {
  const bundle = box.probe(["sleep"]);
  const id = await box.started(bundle);
  const refused = await box.call(["checkpoint", "--image-path", box.path("images"), id], {
    env: { PATH: box.path("nowhere") },
  });
  expect(refused.status).toBe(1);
  expect(unquoted(refused.stderr)).toContain("CRIU is not installed");
  expect(refused.stderr).toContain("install the package criu");
  expect((await box.state(id)).status).toBe("running");
});

// Octal, for the shell: a truncated number, a text in place of `type`, a text longer than the message, a truncated tag.
const MALFORMED = ["\\010\\377", "\\012\\001a", "\\112\\177a", "\\377\\377"];

scenario(
  "an invalid answer of CRIU stops the checkpoint, and the container continues",
  [root, buncOnly],
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const directory = box.path("bin");
    mkdirSync(directory);
    const ask = (answer: string) => {
      writeFileSync(`${directory}/criu`, `#!/bin/sh\n${answer}`, { mode: 0o755 });
      const env = { PATH: `${directory}:/usr/bin:/bin` };
      return box.call(["checkpoint", "--image-path", box.path("images"), id], { env });
    };
    for (const bytes of MALFORMED) {
      const { status, stderr } = await ask(`printf '${bytes}' >&3\nsleep 60`);
      expect([bytes, status]).toEqual([bytes, 1]);
      expect(unquoted(stderr)).toContain("criu failed: its answer is malformed");
    }
    expect(unquoted((await ask("exit 0")).stderr)).toContain("criu failed: it ended without an answer");
    expect((await box.state(id)).status).toBe("running");
  },
);
