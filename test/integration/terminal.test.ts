import { expect } from "bun:test";
import { ConsolePeer, onTerminal } from "../harness/consoles.ts";
import { Report } from "../harness/probe.ts";
import { notIn, root } from "../harness/requirements.ts";
import { type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

async function withPeer(box: Sandbox, body: (peer: ConsolePeer) => Promise<void>): Promise<void> {
  const peer = new ConsolePeer(box.path("console.sock"));
  try {
    await peer.listening();
    await body(peer);
  } finally {
    await peer.close();
  }
}

scenario("create --console-socket hands over the terminal's master", [root], async (box) => {
  await withPeer(box, async (peer) => {
    const bundle = box.probe(["self", "stat:/dev/console", "print", "echo"], (config) => {
      config.process.terminal = true;
    });
    const id = await box.create(bundle, ["--console-socket", peer.socket]);
    const received = await peer.received();
    expect(received.isTerminal).toBe(true);
    expect(received.target).toContain("ptmx");
    expect(received.text).toContain("ptmx");
    await box.must(["start", id]);
    // Wait for the end of the report's line, because terminal output arrives in pieces.
    const output = await peer.contains("}]\r\n");
    const report = new Report(output.split("\n").slice(2).join("\n"));
    for (const stream of report.self.terminal) {
      expect(stream).toMatchObject({ isTerminal: true, controlling: true, foreground: true });
    }
    expect(report.get("stat:/dev/console")).toMatchObject({ type: "char", major: 136 });
    peer.write("typed\n");
    await peer.contains("typed\r\ntyped");
  });
});

scenario("consoleSize is the size of the terminal", [root], async (box) => {
  await withPeer(box, async (peer) => {
    const bundle = box.probe(["self"], (config) => {
      config.process.terminal = true;
      config.process.consoleSize = { height: 33, width: 101 };
    });
    const id = await box.create(bundle, ["--console-socket", peer.socket]);
    await peer.received();
    await box.must(["start", id]);
    const output = await peer.contains('"sessionKeyring"');
    expect(output).toContain('"rows":33,"columns":101');
    await box.waitFor(id, "stopped");
  });
});

scenario("exec --tty --console-socket", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  await withPeer(box, async (peer) => {
    await box.must(["exec", "--detach", "--tty", "--console-socket", peer.socket, id, "/probe", "self"]);
    const output = await peer.contains('"sessionKeyring"');
    expect(output).toContain('"isTerminal":true');
  });
});

scenario("run on a terminal: the container has one of its own, of the same size", [root], async (box) => {
  const bundle = box.probe(["nap:300", "self", "stat:/dev/console"], (config) => {
    config.process.terminal = true;
  });
  const { status, output } = await onTerminal(
    box.commandLine(["run", "--bundle", bundle.directory, box.id()]),
  );
  expect(status).toBe(0);
  const report = new Report(output);
  expect(report.self.terminal[0]).toMatchObject({
    isTerminal: true,
    rows: 31,
    columns: 97,
    controlling: true,
  });
  expect(report.self.fds[0]?.target).toMatch(/^\/dev\/pts\/\d+$|^\/dev\/console$/);
});

scenario("what is typed reaches the container, its end closes the terminal", [root], async (box) => {
  const bundle = box.probe(["print", "wait-signal"], (config) => {
    config.process.terminal = true;
  });
  const { status, output } = await onTerminal(
    box.commandLine(["run", "--bundle", bundle.directory, box.id()]),
    async (terminal) => {
      await until("the process waits", () => terminal.output().includes("ready") || undefined);
      terminal.write("\x03");
    },
  );
  expect(status).toBe(0);
  expect(output).toContain('"signal":2');
});

scenario("exec --tty on a terminal", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const { status, output } = await onTerminal(
    box.commandLine(["exec", "--tty", id, "/probe", "self", "exit:9"]),
  );
  expect(status).toBe(9);
  expect(new Report(output).self.terminal[0]).toMatchObject({ isTerminal: true, controlling: true });
});

const refusals: { name: string; terminal: boolean; args: (box: Sandbox) => string[]; text: RegExp }[] = [
  {
    name: "a terminal without a console socket",
    terminal: true,
    args: () => ["create"],
    text: /cannot allocate tty if runc will detach without setting console socket/,
  },
  {
    name: "a console socket without a terminal",
    terminal: false,
    args: (box) => ["create", "--console-socket", box.path("x")],
    text: /cannot use console socket if runc will not detach or allocate tty/,
  },
];

for (const { name, terminal, args, text } of refusals) {
  scenario(`create refuses ${name}`, [root], async (box) => {
    const bundle = box.probe([], (config) => {
      config.process.terminal = terminal;
    });
    const result = await box.call([...args(box), "--bundle", bundle.directory, box.id()]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(text);
  });
}

scenario("a console socket without a listener", [root], async (box) => {
  const bundle = box.probe([], (config) => {
    config.process.terminal = true;
  });
  const result = await box.call([
    "create",
    "--console-socket",
    box.path("nobody"),
    "--bundle",
    bundle.directory,
    box.id(),
  ]);
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/no such file or directory/);
});

scenario(
  "run with a terminal and no terminal to run on",
  [root, notIn("crun", "it makes one all the same")],
  async (box) => {
    const bundle = box.probe([], (config) => {
      config.process.terminal = true;
    });
    const result = await box.run(bundle);
    // With standard input closed runc either fails without a terminal or runs on one of its own.
    if (result.status !== 0) expect(result.stderr).not.toBe("");
  },
);

for (const verb of ["run", "exec"]) {
  scenario(
    `${verb}: what goes through its terminal into a pipe has the line ends of the program`,
    [root, notIn("runc", "1.1.5 cannot carry a terminal to a file")],
    async (box) => {
      const say = ["say:one", "say:two"];
      if (verb === "run") {
        const bundle = box.probe(say, (config) => {
          config.process.terminal = true;
        });
        const { stdout } = await box.run(bundle);
        expect(stdout).toContain("two\n");
        expect(stdout).not.toContain("\r");
      } else {
        const id = await box.started(box.probe(["sleep"]));
        const { stdout } = await box.call(["exec", "--tty", id, "/probe", ...say]);
        expect(stdout).toContain("two\n");
        expect(stdout).not.toContain("\r");
      }
    },
  );
}

scenario("on a terminal lines start in the first column", [root], async (box) => {
  const bundle = box.probe(["say:one", "say:two"], (config) => {
    config.process.terminal = true;
  });
  const { output } = await onTerminal(box.commandLine(["run", "--bundle", bundle.directory, box.id()]));
  expect(output).toContain("one\r\n");
  expect(output).not.toContain("\r\r");
});
