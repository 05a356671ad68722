/** $NOTIFY_SOCKET: a service manager waits for the container. sd_notify(3). */
import { expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { Peer } from "../harness/peer.ts";
import { buncOnly, notIn, root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const inContainer = "/run/notify/notify.sock";

const environment = (manager: string) => ({ ...bareEnvironment, NOTIFY_SOCKET: manager });

/** The lines of all messages, however they are divided into datagrams. */
const lines = (texts: (string | undefined)[]) =>
  texts.flatMap((text) => (text ?? "").split("\n")).filter((line) => line !== "");

async function withManager(box: Sandbox, body: (manager: Peer, address: string) => Promise<void>) {
  const address = box.path("manager.sock");
  const manager = await Peer.listen(`receive-notify:${address}`);
  try {
    await body(manager, address);
  } finally {
    await manager.close();
  }
}

scenario("start returns when the container is ready: READY, MAINPID", [root], async (box) => {
  await withManager(box, async (manager, address) => {
    const env = environment(address);
    const bundle = box.probe([`notify:${inContainer}=READY=1`, "sleep"]);
    const id = await box.create(bundle, [], { env });
    await box.must(["start", id], { env });
    const { pid } = await box.state(id);
    const expected = ["READY=1", `MAINPID=${pid}`];
    await until("the manager knows the main process", () => {
      const received = lines(manager.messages().map(({ text }) => text));
      return received.join().startsWith(expected.join());
    });
  });
});

const noBarrier = notIn("runc", "1.1.5 sends no BARRIER");

scenario("start returns when the manager has read it: BARRIER", [root, noBarrier], async (box) => {
  await withManager(box, async (manager, address) => {
    const env = environment(address);
    const bundle = box.probe([`notify:${inContainer}=READY=1`, "sleep"]);
    const id = await box.create(bundle, [], { env });
    await box.must(["start", id], { env });
    // The manager exits at the barrier, and `start` waits for that.
    const last = manager.messages().at(-1);
    expect(last).toMatchObject({ text: "BARRIER=1", withDescriptor: true });
  });
});

scenario("the container has the socket read-only, and its address", [root], async (box) => {
  await withManager(box, async (_manager, address) => {
    const actions = ["self", "read:/proc/self/mountinfo", "create:/run/notify/x", "stat:/run/notify"];
    const env = environment(address);
    const bundle = box.probe([...actions, `notify:${inContainer}=READY=1`]);
    const report = await box.reportOf(bundle, [], { env });
    expect(report.self.env).toContain(`NOTIFY_SOCKET=${inContainer}`);
    expect(report.errno("create:/run/notify/x")).toBe("EROFS");
    const mount = report.mounts.find(({ target }) => target === "/run/notify");
    expect(mount?.options).toEqual(expect.arrayContaining(["ro", "nosuid", "nodev", "noexec"]));
  });
});

scenario("run --detach returns when the container is ready", [root], async (box) => {
  await withManager(box, async (manager, address) => {
    const id = box.id();
    const bundle = box.probe(["nap:300", `notify:${inContainer}=READY=1`, "sleep"]);
    await box.must(["run", "--detach", "--bundle", bundle.directory, id], { env: environment(address) });
    const { pid } = await box.state(id);
    const received = lines(manager.messages().map(({ text }) => text));
    expect(received).toContain("READY=1");
    expect(received).toContain(`MAINPID=${pid}`);
  });
});

scenario("run in the foreground: the main process is the runtime", [root], async (box) => {
  await withManager(box, async (manager, address) => {
    const bundle = box.probe([`notify:${inContainer}=READY=1`, "exit:3"]);
    const script = `echo $$ >${box.path("pid")}; exec "$@"`;
    const wrapper = ["sh", "-c", script, "sh"];
    const result = await box.run(bundle, [], { env: environment(address), wrapper });
    expect(result.status).toBe(3);
    const pid = (await Bun.file(box.path("pid")).text()).trim();
    const messages = await manager.received(1);
    expect(lines(messages.map(({ text }) => text)).slice(0, 2)).toEqual(["READY=1", `MAINPID=${pid}`]);
  });
});

scenario(
  "a container that exits without a message does not keep start waiting",
  [root, buncOnly],
  async (box) => {
    await withManager(box, async (manager, address) => {
      const env = environment(address);
      const id = await box.create(box.probe(["exit:0"]), [], { env });
      await box.must(["start", id], { env });
      expect(lines(manager.messages().map(({ text }) => text))).toEqual([]);
    });
  },
);

scenario("a container that never gets ready is deleted while start waits", [root, buncOnly], async (box) => {
  await withManager(box, async (_manager, address) => {
    const env = environment(address);
    const id = await box.create(box.probe(["sleep"]), [], { env });
    const starting = box.call(["start", id], { env });
    await box.waitFor(id, "running");
    await box.must(["delete", "--force", id]);
    expect((await starting).status).toBe(0);
  });
});

scenario("an abstract address", [root, buncOnly], async (box) => {
  const address = `@${box.name}`;
  const manager = await Peer.listen(`receive-notify:${address}`);
  const env = environment(address);
  const id = await box.create(box.probe([`notify:${inContainer}=READY=1`, "sleep"]), [], { env });
  await box.must(["start", id], { env });
  expect(lines(manager.messages().map(({ text }) => text))).toContain("READY=1");
  await manager.close();
});

scenario("messages that a container may not send are dropped", [root, buncOnly], async (box) => {
  await withManager(box, async (manager, address) => {
    const bundle = box.probe([
      `notify:${inContainer}=MAINPID=1`,
      `notify:${inContainer}=FDSTORE=1`,
      `notify:${inContainer}=STATUS=warming up`,
      `notify:${inContainer}=MAINPID=1|READY=1`,
      "sleep",
    ]);
    const env = environment(address);
    const id = await box.create(bundle, [], { env });
    await box.must(["start", id], { env });
    const { pid } = await box.state(id);
    const expected = ["STATUS=warming up", "READY=1", `MAINPID=${pid}`, "BARRIER=1"];
    expect(lines(manager.messages().map(({ text }) => text))).toEqual(expected);
  });
});

scenario("a state directory deeper than a socket address is long", [root, buncOnly], async (box) => {
  await withManager(box, async (manager, address) => {
    const options = { env: environment(address), root: box.path("d".repeat(120)) };
    const id = box.id();
    const bundle = box.probe([`notify:${inContainer}=READY=1`, "sleep"]);
    await box.must(["run", "--detach", "--bundle", bundle.directory, id], options);
    expect(lines(manager.messages().map(({ text }) => text))).toContain("READY=1");
    await box.must(["delete", "--force", id], { root: options.root });
  });
});

scenario("the manager has exited: a warning, and the container runs", [root, buncOnly], async (box) => {
  const address = box.path("nobody.sock");
  writeFileSync(address, "");
  const env = environment(address);
  const id = await box.create(box.probe(["sleep"]), [], { env });
  const { stderr } = await box.must(["start", id], { env });
  expect(stderr).toContain("level=warning");
  expect((await box.state(id)).status).toBe("running");
});

for (const [verb, flags] of [
  ["create", []],
  ["run", ["--detach"]],
] as const) {
  scenario(`${verb} --pidfd-socket: the pidfd of the container's init`, [root, buncOnly], async (box) => {
    const socket = box.path("pidfd.sock");
    const peer = await Peer.listen(`receive-console:${socket}`);
    const id = box.id();
    const { directory } = box.probe(["sleep"]);
    await box.must([verb, ...flags, "--pidfd-socket", socket, "--bundle", directory, id]);
    const [message] = await peer.received(1);
    expect(message?.text).toBe("pidfd");
    expect(message?.target).toContain("pidfd");
    await peer.close();
  });
}

scenario("exec --pidfd-socket: the pidfd of the further process", [root, buncOnly], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const socket = box.path("pidfd.sock");
  const peer = await Peer.listen(`receive-console:${socket}`);
  await box.must(["exec", "--detach", "--pidfd-socket", socket, id, "/probe", "sleep"]);
  const [message] = await peer.received(1);
  expect(message?.text).toBe("pidfd");
  expect(message?.target).toContain("pidfd");
  await peer.close();
});

scenario("without NOTIFY_SOCKET there is none in the container", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const report = await box.exec(id, ["stat:/run/notify", "self"]);
  expect(report.errno("stat:/run/notify")).toBe("ENOENT");
  expect(existsSync(`${box.root}/${id}/notify`)).toBe(false);
  await until("it runs", async () => (await box.state(id)).status === "running");
});
