/** The flags of `checkpoint` and `restore`, with the installed CRIU; the same tests hold for runc. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { apparmor, withProfile } from "../harness/apparmor.ts";
import {
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
import { parseMountinfo } from "../harness/mountinfo.ts";
import { Peer } from "../harness/peer.ts";
import { command, type Requirement } from "../harness/requirements.ts";
import { isBunc } from "../harness/runtime.ts";
import { type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { FILE_LABEL, OTHER_FILE_LABEL, selinux } from "../harness/selinux.ts";
import { shell } from "../harness/shell.ts";

scenario("--file-locks: locks are saved, and held again", needs, async (box) => {
  const bundle = box.probe(["lock:/lock", "sleep"], (config) => {
    config.root.readonly = false;
  });
  const id = box.id();
  await box.must(["run", "--detach", "--bundle", bundle.directory, id], quiet);
  const isLocked = async () => (await box.exec(id, ["lock:/lock"])).errno("lock:/lock") === "EAGAIN";
  await until("the file is locked", async () => (await isLocked()) || undefined);
  const paths = ["--image-path", box.path("images"), "--work-path", box.path("work")];
  expect((await box.call(["checkpoint", ...paths, id])).status).toBe(1);
  await checkpoint(box, id, "--file-locks");
  await restore(box, bundle, id, "--file-locks");
  expect(await isLocked()).toBe(true);
});

/** A CRIU server, which exits when its only client has disconnected. */
function criuServer(box: Sandbox, verb: string, port: number, ...flags: string[]) {
  const directory = box.path("images");
  const listening = ["--images-dir", directory, "--port", String(port), "--log-file", `${verb}.log`];
  const child = Bun.spawn(["criu", verb, ...listening, ...flags], { stdio: ["ignore", "ignore", "ignore"] });
  return { ended: child.exited, [Symbol.dispose]: () => child.kill("SIGKILL") };
}

const listens = (port: number) =>
  until(`something listens on port ${port}`, () => {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    return new RegExp(`:${hex} 0+:0000 0A `).test(readFileSync("/proc/net/tcp", "utf8")) || undefined;
  });

scenario("--page-server: the memory goes to a server of CRIU's", needs, async (box) => {
  const { bundle, id } = await counting(box);
  mkdirSync(box.path("images"));
  using server = criuServer(box, "page-server", 27312);
  await listens(27312);
  await checkpoint(box, id, "--page-server", "127.0.0.1:27312");
  expect(await server.ended).toBe(0);
  const before = counted(bundle);
  await restore(box, bundle, id);
  await countsPast(bundle, before + 1);
});

const userfaultfd: Requirement = () =>
  existsSync("/proc/sys/vm/unprivileged_userfaultfd") ? null : "needs a kernel with userfaultfd(2)";

scenario("--lazy-pages: the memory is fetched when it is used", [...needs, userfaultfd], async (box) => {
  const { bundle, id } = await counting(box);
  const port = 27313;
  const paths = ["--image-path", box.path("images"), "--work-path", box.path("work")];
  // It serves pages until all of them have been fetched.
  const saved = box.call(["checkpoint", "--lazy-pages", "--page-server", `127.0.0.1:${port}`, ...paths, id]);
  await listens(port);
  const before = counted(bundle);
  using daemon = criuServer(
    box,
    "lazy-pages",
    port,
    "--page-server",
    "--address",
    "127.0.0.1",
    "--work-dir",
    box.path("work"),
  );
  await until("the daemon is ready", () => existsSync(box.path("work", "lazy-pages.socket")) || undefined);
  const other = box.id();
  await restore(box, bundle, other, "--lazy-pages", "--manage-cgroups-mode", "ignore");
  await countsPast(bundle, before + 1);
  expect((await saved).status).toBe(0);
  expect(await daemon.ended).toBe(0);
});

scenario("--ext-unix-sk: a socket of the host's that the container is connected to", needs, async (box) => {
  const log = box.path("log.sock");
  const logger = await Peer.listen(`receive-notify:${log}`);
  try {
    const bundle = shell(box, `while :; do echo tick; ${WAIT}; done | logger`, (config) => {
      // CRIU reconnects it by the socket's name on the host.
      for (const destination of ["/dev/log", log]) {
        config.mounts.push({ destination, type: "bind", source: log, options: ["bind"] });
      }
      // CRIU sees only sockets in the network namespaces that it saves.
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "network");
    });
    symlinkSync("busybox", `${bundle.rootfs}/bin/logger`);
    const id = box.id();
    await box.must(["run", "--detach", "--bundle", bundle.directory, id], quiet);
    await logger.received(3);
    const paths = ["--image-path", box.path("images"), "--work-path", box.path("work")];
    const refused = await box.call(["checkpoint", ...paths, id]);
    expect(refused.status).toBe(1);
    if (isBunc) expect(refused.stderr).toContain("--ext-unix-sk");
    await checkpoint(box, id, "--ext-unix-sk");
    const before = logger.messages().length;
    await restore(box, bundle, id, "--ext-unix-sk");
    await logger.received(before + 3);
  } finally {
    await logger.close();
  }
});

const packetFilter: Requirement = () =>
  (Bun.which("nft") ?? Bun.which("iptables")) === null ? "needs nft or iptables" : null;

scenario("--tcp-established: a connection to the host goes on", [...needs, packetFilter], async (box) => {
  let received = 0;
  let closed = 0;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(_socket, data) {
        received += data.length;
      },
      close() {
        closed += 1;
      },
    },
  });
  const receivesPast = (count: number) =>
    until(`more than ${count} bytes have come`, () => received > count || undefined);
  try {
    const bundle = shell(
      box,
      `while :; do echo tick; ${WAIT}; done | nc 127.0.0.1 ${server.port}`,
      (config) => {
        config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "network");
      },
    );
    symlinkSync("busybox", `${bundle.rootfs}/bin/nc`);
    const id = box.id();
    await box.must(["run", "--detach", "--bundle", bundle.directory, id], quiet);
    await receivesPast(20);
    const refused = await box.call(["checkpoint", "--image-path", box.path("refused"), id]);
    expect(refused.status).toBe(1);
    if (isBunc) expect(refused.stderr).toContain("--tcp-established");
    await checkpoint(box, id, "--tcp-established");
    const before = received;
    await restore(box, bundle, id, "--tcp-established");
    await receivesPast(before + 20);
    expect(closed).toBe(0);
  } finally {
    server.stop(true);
  }
});

/** CRIU 4.2 saves such a terminal, but fails an internal assertion when it restores it; 3.17 saves none. */
const savesTerminals: Requirement = () => {
  if (Bun.which("criu") === null) return "needs criu";
  const [, major = "0"] = /Version: (\d+)/.exec(Bun.spawnSync(["criu", "--version"]).stdout.toString()) ?? [];
  return Number(major) >= 4 ? null : "needs CRIU 4";
};

scenario(
  "--shell-job: a terminal that the caller has is saved",
  [...needs, command("script"), savesTerminals],
  async (box) => {
    // The terminal stays open until the file exists.
    const saved = box.path("saved");
    const script = `exec script -qec "$*; until test -e ${saved}; do sleep 0.1; done" /dev/null`;
    const onTerminal = { wrapper: ["sh", "-c", script, "sh"] };
    const bundle = box.probe(["sleep"]);
    const id = box.id();
    const started = box.call(["run", "--detach", "--bundle", bundle.directory, id], onTerminal);
    await until("it runs", async () => {
      const { status, stdout } = await box.call(["state", id]);
      return (status === 0 && JSON.parse(stdout).status === "running") || undefined;
    });
    const refused = await box.call(["checkpoint", "--image-path", box.path("refused"), id]);
    expect(refused.status).toBe(1);
    if (isBunc) expect(refused.stderr).toContain("--shell-job");
    await checkpoint(box, id, "--shell-job");
    expect(await exists(box, id)).toBe(false);
    await Bun.write(saved, "");
    await started;
  },
);

scenario("--lsm-profile: another profile than before", [...needs, apparmor], async (box) => {
  await withProfile(box, "one", async (profile) => {
    await withProfile(box, "two", async (other) => {
      const { bundle, id } = await counting(box, (config) => {
        config.process["apparmorProfile"] = profile;
      });
      await checkpoint(box, id);
      await restore(box, bundle, id, "--lsm-profile", `apparmor:${other}`);
      const { pid } = await box.state(id);
      expect(readFileSync(`/proc/${pid}/attr/current`, "utf8")).toBe(`${other} (enforce)\n`);
      await box.must(["delete", "--force", id]);
    });
  });
});

scenario("--lsm-mount-context: another context than before", [...needs, selinux], async (box) => {
  const { bundle, id } = await counting(box, (config) => {
    config.linux["mountLabel"] = FILE_LABEL;
  });
  const context = async () => {
    const mounts = parseMountinfo((await box.must(["exec", id, "/bin/cat", "/proc/self/mountinfo"])).stdout);
    return mounts.find(({ target }) => target === "/dev")?.superOptions.join();
  };
  expect(await context()).toContain(FILE_LABEL);
  await checkpoint(box, id);
  await restore(box, bundle, id, "--lsm-mount-context", OTHER_FILE_LABEL);
  expect(await context()).toContain(OTHER_FILE_LABEL);
});
