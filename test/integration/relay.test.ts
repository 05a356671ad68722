/** Streams of `run` and `exec` in the foreground, for which bunc makes pipes and relays them; and streams of detached containers. */
import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { addUserNamespace, type Edit } from "../harness/config.ts";
import { onTerminal } from "../harness/consoles.ts";
import { Report } from "../harness/probe.ts";
import { buncOnly, notIn, root, userNamespaces } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import { type Sandbox, until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";
import { busybox, shell } from "../harness/shell.ts";

const verbs = ["run", "exec"] as const;
type Verb = (typeof verbs)[number];
const owner1000: Edit = (config) => {
  config.process.user = { uid: 1000, gid: 1000 };
};

/** The arguments of a foreground `run` or `exec` of a busybox shell script. */
async function words(box: Sandbox, verb: Verb, script: string, edit: Edit = () => {}): Promise<string[]> {
  if (verb === "run") return ["run", "--bundle", shell(box, script, edit).directory, box.id()];
  const id = await box.started(shell(box, "sleep 1000", edit));
  return ["exec", id, "/bin/sh", "-c", script];
}

/** A command for the host's shell in which "$@" is the runtime. */
const within = (script: string) => ({ wrapper: ["bash", "-c", script, "sh"] });

const OPENS = "echo out >/dev/stdout && echo err >/dev/stderr && echo opened";
/** The output of that command. Two pipes have no common order. */
const opened = (text: string) => ["out", "err", "opened"].every((line) => text.split(/\r?\n/).includes(line));

for (const verb of verbs) {
  scenario(`${verb}: a file keeps its owner, and /dev/stdout can be opened`, [root, busybox], async (box) => {
    const file = box.path("log");
    const result = await box.call(await words(box, verb, OPENS, owner1000), within(`"$@" >${file} 2>&1`));
    expect(result.status).toBe(0);
    expect(opened(readFileSync(file, "utf8"))).toBe(true);
    expect(Bun.spawnSync(["stat", "-c", "%u %g %a", file]).stdout.toString()).toBe("0 0 644\n");
  });

  scenario(
    `${verb}: a terminal keeps its owner, and /dev/stdout can be opened`,
    [root, busybox],
    async (box) => {
      const command = box.commandLine(await words(box, verb, OPENS, owner1000));
      const script = 'stat -c "before %u %a" $(tty); "$@"; echo status $?; stat -c "after %u %a" $(tty)';
      const { output } = await onTerminal(["bash", "-c", script, "sh", ...command]);
      expect(opened(output)).toBe(true);
      expect(output).toContain("status 0\r\n");
      const [, before] = /before (.*)\r/.exec(output) ?? [];
      expect(output).toContain(`after ${before}\r`);
    },
  );

  scenario(
    `${verb}: a named pipe keeps its owner, and /dev/stdout can be opened`,
    [root, busybox],
    async (box) => {
      const fifo = box.path("fifo");
      const script = `mkfifo ${fifo}; cat ${fifo} & "$@" >${fifo} 2>&1; wait; stat -c "%u %g" ${fifo}`;
      const result = await box.call(await words(box, verb, OPENS, owner1000), within(script));
      expect(opened(result.stdout)).toBe(true);
      expect(result.stdout).toEndWith("0 0\n");
    },
  );

  scenario(`${verb}: with a socket as output /dev/stdout can be opened`, [root, busybox], async (box) => {
    const command = box.commandLine(await words(box, verb, OPENS));
    // The pipes of Bun.spawn are sockets.
    const child = Bun.spawn(["bash", "-c", 'readlink /proc/self/fd/1; exec "$@"', "sh", ...command], {
      env: bareEnvironment,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = [
      await new Response(child.stdout).text(),
      await new Response(child.stderr).text(),
    ];
    expect(stdout).toStartWith("socket:");
    expect([stdout.split("\n").slice(1), stderr]).toEqual([["out", "opened", ""], "err\n"]);
  });

  scenario(
    `${verb}: in a user namespace /dev/stdout can be opened`,
    [root, userNamespaces, busybox],
    async (box) => {
      const script = await words(box, verb, OPENS, (config) => {
        addUserNamespace(config);
        config.process.user = { uid: 5, gid: 5 };
      });
      expect(opened((await box.call(script, within('"$@" 2>&1 | cat'))).stdout)).toBe(true);
    },
  );

  scenario(`${verb}: the flags of the caller's streams stay as they are`, [root, busybox], async (box) => {
    const flags = "grep -h flags /proc/$$/fdinfo/[012]";
    const script = `${flags} >${box.path("before")}; "$@"; ${flags} >${box.path("after")}`;
    const within = (redirect: string) => ({ wrapper: ["bash", "-c", `(${script}) ${redirect}`, "sh"] });
    for (const redirect of ["", "</dev/zero", ">>log", "| cat"]) {
      await box.call(await words(box, verb, "echo x"), within(redirect));
      expect(readFileSync(box.path("after"), "utf8")).toBe(readFileSync(box.path("before"), "utf8"));
    }
  });

  scenario(`${verb}: the end of input arrives while output goes on`, [root, busybox], async (box) => {
    const command = await words(box, verb, "cat; sleep 0.1; echo after; echo error >&2");
    const result = await box.call(command, within('printf input | "$@"'));
    expect(result).toMatchObject({ status: 0, stdout: "inputafter\n", stderr: "error\n" });
  });

  const sizes = "of 8 MiB";
  for (const [what, redirect] of [
    ["from a file to a pipe with a slow reader", '"$@" <big | { sleep 0.3; cat >copy; }'],
    ["from a pipe to a file", 'cat big | "$@" >copy'],
    ["from a pipe to a file that is appended to", 'cat big | "$@" >>copy'],
    ["through named pipes", 'mkfifo in out; cat big >in & cat out >copy & "$@" <in >out; wait'],
    ["from a terminal's other side to a file", 'script -qec "cat big" /dev/null </dev/null | "$@" >copy'],
  ] as const) {
    scenario(`${verb}: data ${sizes} ${what}`, [root, busybox], async (box) => {
      const text = `${"0123456789abcdef".repeat(8)}\n`.repeat(65_027);
      writeFileSync(box.path("big"), text);
      const result = await box.call(await words(box, verb, "cat"), within(redirect));
      expect([result.status, result.stderr]).toEqual([0, ""]);
      expect(readFileSync(box.path("copy"), "utf8").replaceAll("\r", "") === text).toBe(true);
    });
  }

  scenario(`${verb}: data through sockets`, [root, busybox], async (box) => {
    const text = "0123456789abcdef".repeat(131_072);
    const child = Bun.spawn(box.commandLine(await words(box, verb, "cat")), {
      env: bareEnvironment,
      stdin: new Blob([text]),
      stdout: "pipe",
    });
    expect((await new Response(child.stdout).text()) === text).toBe(true);
    expect(await child.exited).toBe(0);
  });

  scenario(
    `${verb}: whoever reads no more stops the writer`,
    [root, busybox, notIn("runc", "it forwards its own SIGPIPE")],
    async (box) => {
      const result = await box.call(
        await words(box, verb, "yes; echo stopped >&2"),
        within('"$@" | head -n 2'),
      );
      expect(result).toMatchObject({ stdout: "y\ny\n" });
      expect(result.stderr).toContain("stopped");
    },
  );

  scenario(
    `${verb}: a process that closes its streams goes on`,
    [root, busybox, notIn("runc", "it forwards its own SIGPIPE")],
    async (box) => {
      const command = await words(box, verb, "exec <&- >&-; sleep 0.1; echo on >&2; exit 5");
      const result = await box.call(command, within('set -o pipefail; yes | "$@"'));
      expect(result).toMatchObject({ status: 5, stdout: "", stderr: "on\n" });
    },
  );

  scenario(`${verb}: nothing that it wrote at its end is lost`, [root, busybox], async (box) => {
    const script = "i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; echo last >&2; exit 3";
    const command = await words(box, verb, script);
    for (let round = 0; round < 5; round++) {
      const again = verb === "run" ? [...command.slice(0, -1), box.id()] : command;
      const result = await box.call(again, within('set -o pipefail; "$@" | { sleep 0.05; cat; }'));
      expect(result).toMatchObject({ status: 3, stderr: "last\n" });
      expect(result.stdout.split("\n").length).toBe(501);
    }
  });

  scenario(
    `${verb}: standard output and error that are one for the caller stay in order`,
    [root, busybox, notIn("runc", "it has a pipe for each")],
    async (box) => {
      const script = "i=0; while [ $i -lt 200 ]; do echo $i; i=$((i+1)); echo $i >&2; i=$((i+1)); done";
      const expected = Array.from({ length: 200 }, (_, number) => String(number));
      for (const redirect of ['"$@" >log 2>&1; cat log', '"$@" 2>&1 | cat']) {
        const result = await box.call(await words(box, verb, script), within(redirect));
        expect(result.stdout.trim().split("\n")).toEqual(expected);
      }
    },
  );

  scenario(`${verb}: a reader that stands still does not keep signals away`, [root, busybox], async (box) => {
    const script = "trap 'exit 9' TERM; yes & echo ready >&2; while :; do sleep 0.05; done";
    const child = Bun.spawn(
      [
        "bash",
        "-c",
        `mkfifo ${box.path("fifo")}; exec 3<>${box.path("fifo")}; exec "$@" >&3 2>${box.path("ready")}`,
        "sh",
        ...box.commandLine(await words(box, verb, script)),
      ],
      { env: bareEnvironment },
    );
    await until(
      "it has begun",
      () => existsSync(box.path("ready")) && readFileSync(box.path("ready"), "utf8") !== "",
    );
    const timer = setInterval(() => child.kill("SIGTERM"), 50);
    // The second signal drops the output that waits for the reader.
    const status = box.runtime.name === "bunc" ? await child.exited : 9;
    clearInterval(timer);
    child.kill("SIGKILL");
    expect(status).toBe(9);
  });

  scenario(`${verb}: without standard input there is none`, [root, busybox], async (box) => {
    const result = await box.call(await words(box, verb, "cat; echo end"), within('"$@" <&-'));
    expect(result).toMatchObject({ status: 0, stdout: "end\n" });
  });

  scenario(
    `${verb} in the background of a terminal is not stopped by it`,
    [root, busybox, buncOnly],
    async (box) => {
      const command = box.commandLine(await words(box, verb, "sleep 0.4; echo from inside; exit 4"));
      // A shell with job control: it gets the input, and the runtime reads input only while it is in the foreground.
      const script = 'set -m; stty tostop; "$@" & wait $!; echo "status $?"';
      const { output } = await onTerminal(["bash", "-c", script, "sh", ...command], async (terminal) => {
        await Bun.sleep(150);
        terminal.write("typed\n");
      });
      expect(output).toContain("from inside\r\n");
      expect(output).toContain("status 4\r\n");
    },
  );
}

scenario(
  "exec ends with its process, and what a descendant writes later still arrives",
  [root, busybox, notIn("runc", "it waits for the descendant")],
  async (box) => {
    const bundle = shell(box, "sleep 1000");
    const id = await box.started(bundle);
    const script =
      "(until [ -e /data/go ]; do sleep 0.05; done; echo late; echo late error >&2) & echo early; exit 6";
    const log = box.path("log");
    const result = await box.call(["exec", id, "/bin/sh", "-c", script], within(`"$@" >${log} 2>&1`));
    expect(result.status).toBe(6);
    expect(readFileSync(log, "utf8")).toBe("early\n");
    writeFileSync(`${bundle.rootfs}/data/go`, "");
    await until("the last word has come", () => readFileSync(log, "utf8") === "early\nlate\nlate error\n");
    // When the last writer has closed the stream, the relaying process exits, and the caller's pipe is closed.
    const piped = await box.call(
      ["exec", id, "/bin/sh", "-c", "(sleep 0.2; echo late) & echo early"],
      within('"$@" | cat'),
    );
    expect(piped.stdout).toBe("early\nlate\n");
  },
);

scenario(
  "run ends although a process of the host's pid namespace holds its output",
  [root, busybox],
  async (box) => {
    const bundle = shell(box, "sleep 1000 & echo out; exit 2", (config) => {
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "pid");
    });
    const result = await box.call(
      ["run", "--bundle", bundle.directory, box.id()],
      within('set -o pipefail; "$@" | cat'),
    );
    expect(result).toMatchObject({ status: 2, stdout: "out\n" });
  },
);

scenario(
  "a poststart hook can wait for a container that writes a lot",
  [root, busybox, notIn("runc", "its hook comes before the program")],
  async (box) => {
    const bundle = shell(box, "head -c 1000000 /dev/zero; touch /data/written; sleep 0.1");
    const script = `until [ -e ${bundle.rootfs}/data/written ]; do sleep 0.05; done`;
    bundle.edit((config) => {
      config.hooks = { poststart: [{ path: "/bin/sh", args: ["sh", "-c", script], timeout: 20 }] };
    });
    const result = await box.call(["run", "--bundle", bundle.directory, box.id()], within('"$@" | wc -c'));
    expect(result).toMatchObject({ status: 0, stdout: "1000000\n", stderr: "" });
  },
);

const detached = ["create", "run --detach", "exec --detach"] as const;

for (const how of detached) {
  scenario(
    `${how}: in a user namespace a pipe of the caller's can be opened as /dev/stdout`,
    [root, userNamespaces, buncOnly],
    async (box) => {
      const edit: Edit = (config) => {
        addUserNamespace(config);
        config.process.user = { uid: 5, gid: 5 };
      };
      const probe = async (actions: string[]) => {
        const bundle = box.probe(actions, edit);
        await Bun.$`chown -R 100000:100000 ${bundle.rootfs}`.quiet();
        return bundle;
      };
      const actions = ["write:/dev/stdout=out\n", "write:/dev/stderr=err\n"];
      const id = box.id();
      const start = how === "create" ? [box.commandLine(["start", id]).join(" ")] : [];
      const words =
        how === "exec --detach"
          ? ["exec", "--detach", await box.started(await probe(["sleep"])), "/probe", ...actions]
          : [...how.split(" "), "--bundle", (await probe(actions)).directory, id];
      const script = ['"$@"', ...start].join(" && ");
      const result = await box.call(words, within(`{ ${script}; } 2>&1 | cat`));
      expect(result.stdout).toContain("out\n");
      expect(result.stdout).toContain("err\n");
      const report = new Report(result.stdout);
      for (const action of actions) expect(report.errno(action)).toBe("ok");
    },
  );

  scenario(
    `${how}: a file, terminal or named pipe of the caller's keeps its owner`,
    [root, buncOnly],
    async (box) => {
      const log = box.path("log");
      const fifo = box.path("fifo");
      const words =
        how === "exec --detach"
          ? ["exec", "--detach", await box.started(box.probe(["sleep"], owner1000)), "/probe", "self"]
          : [...how.split(" "), "--bundle", box.probe(["self"], owner1000).directory, box.id()];
      const script = [
        `mkfifo ${fifo}; exec 3<>${fifo}`,
        `"$@" >${log} 2>&3`,
        `stat -c "owner %u %n" ${log} ${fifo} $(tty)`,
      ].join("; ");
      const { output } = await onTerminal(["bash", "-c", script, "sh", ...box.commandLine(words)]);
      expect(output.match(/owner \d+/g)).toEqual(["owner 0", "owner 0", "owner 0"]);
    },
  );
}

scenario(
  "the terminal of a container belongs to its user, on whichever terminal it is run",
  [root],
  async (box) => {
    const bundle = box.probe(
      ["stat:/proc/self/fd/0", "self", "open:/dev/tty", "open:/dev/stdout"],
      (config) => {
        owner1000(config);
        config.process.terminal = true;
      },
    );
    const { status, output } = await onTerminal(
      box.commandLine(["run", "--bundle", bundle.directory, box.id()]),
    );
    expect(status).toBe(0);
    expect(new Report(output).errno("open:/dev/stdout")).toBe("ok");
  },
);
