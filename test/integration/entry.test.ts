/** How Bun changes its environment before any code of bunc runs, and how the entry stub makes up for it. */
import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { buncOnly, command, notIn, root } from "../harness/requirements.ts";
import { bareEnvironment } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

/** Runs its arguments after a shell command. */
const after = (script: string) => ["bash", "-c", `${script}; exec "$@"`, "sh"];

const withoutLimits = (box: Sandbox) =>
  box.probe(["self"], (config) => {
    config.process.rlimits = [];
  });

const restoresOpenFiles = notIn("runc", "Go raises RLIMIT_NOFILE and 1.1.5 does not restore it");

for (const [name, limits] of [
  ["soft below hard", { soft: "333", hard: "4000" }],
  ["soft equal to hard", { soft: "700", hard: "700" }],
] as const) {
  const wrapper = after(`ulimit -Sn ${limits.soft}; ulimit -Hn ${limits.hard}`);

  scenario(`RLIMIT_NOFILE of the caller, ${name}: run and create`, [root, restoresOpenFiles], async (box) => {
    expect((await box.reportOf(withoutLimits(box), [], { wrapper })).self.rlimits["NOFILE"]).toEqual(limits);
    const id = await box.create(withoutLimits(box), [], { wrapper });
    await box.must(["start", id]);
    await box.waitFor(id, "stopped");
  });

  scenario(`RLIMIT_NOFILE of the caller, ${name}: exec`, [root, restoresOpenFiles], async (box) => {
    const bundle = box.probe(["sleep"], (config) => {
      config.process.rlimits = [];
    });
    const id = await box.started(bundle);
    const { stdout } = await box.must(["exec", id, "/probe", "self"], { wrapper });
    expect(stdout).toContain(`"NOFILE":${JSON.stringify(limits)}`);
  });
}

scenario("RLIMIT_NOFILE of the caller's caller does not matter", [root, restoresOpenFiles], async (box) => {
  const wrapper = ["sh", "-c", 'ulimit -Sn 300; (ulimit -Sn 555; "$@"; exit $?)', "sh"];
  const { self } = await box.reportOf(withoutLimits(box), [], { wrapper });
  expect(self.rlimits["NOFILE"]?.soft).toBe("555");
  const other = ["sh", "-c", '(ulimit -Sn 555; exec "$@")', "sh"];
  expect((await box.reportOf(withoutLimits(box), [], { wrapper: other })).self.rlimits["NOFILE"]?.soft).toBe(
    "555",
  );
});

scenario("a configured RLIMIT_NOFILE wins", [root], async (box) => {
  const bundle = box.probe(["self"], (config) => {
    config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 }];
  });
  const { self } = await box.reportOf(bundle, [], { wrapper: after("ulimit -Sn 333") });
  expect(self.rlimits["NOFILE"]).toEqual({ soft: "100", hard: "200" });
});

/** Variables that make a plain Bun or Node run a file, start a debugger, or act as another program. */
const hostileVariables = (file: string): Record<string, string>[] => [
  { BUN_OPTIONS: `--preload=${file}` },
  { BUN_OPTIONS: `--config=${file}` },
  { BUN_BE_BUN: "1" },
  { BUN_INSPECT: "127.0.0.1:1?break=1" },
  { BUN_INSPECT_PRELOAD: file },
  { BUN_JSC_useJIT: "0" },
  { BUN_JSC_nothing: "1" },
  { BUN_JSC_logGC: "2" },
  { NODE_OPTIONS: `--require=${file}` },
  { NODE_CHANNEL_FD: "1" },
  { NODE_PATH: file },
  { MIMALLOC_SHOW_STATS: "1", MIMALLOC_VERBOSE: "1" },
  { mimalloc_verbose: "1" },
  { BUNC_START: "1,5,5,0,0,1,0" },
];

function hostileFile(box: Sandbox): { file: string; ran: () => boolean } {
  const marker = box.path("hostile-ran");
  const file = box.path("hostile.js");
  writeFileSync(file, `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "x");`);
  return { file, ran: () => existsSync(marker) };
}

scenario("the environment makes no code run and changes nothing", [root], async (box) => {
  const { file, ran } = hostileFile(box);
  const id = await box.started(box.probe(["sleep"]));
  const plain = await box.must(["state", id]);
  for (const variables of hostileVariables(file)) {
    const state = await box.call(["state", id], { env: { ...bareEnvironment, ...variables } });
    expect([variables, state]).toEqual([variables, plain]);
    const env = { ...bareEnvironment, ...variables };
    const exec = await box.call(["exec", id, "/probe", "self"], { env });
    expect([variables, exec.status, exec.stderr]).toEqual([variables, 0, ""]);
    expect([variables, ran()]).toEqual([variables, false]);
  }
});

scenario("the working directory makes no code run", [root], async (box) => {
  const { file, ran } = hostileFile(box);
  const bundle = box.probe(["self"]);
  const files = {
    "bunfig.toml": `preload = [${JSON.stringify(file)}]\n[run]\npreload = [${JSON.stringify(file)}]\n`,
    ".env": `BUN_OPTIONS=--preload=${file}\nNODE_OPTIONS=--require=${file}\nXDG_RUNTIME_DIR=/nowhere\n`,
    "package.json": `{"type":"module","preload":[${JSON.stringify(file)}]}`,
    "tsconfig.json": `{"extends":${JSON.stringify(file)}}`,
    "index.js": readFileSync(file),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(`${bundle.directory}/${name}`, content);
  const options = { cwd: bundle.directory };
  const id = box.id();
  const result = await box.must(["run", id], options);
  expect(result.stderr).toBe("");
  await box.must(["--version"], options);
  await box.must(["list"], options);
  expect(ran()).toBe(false);
});

scenario("hooks see the caller's environment, not the record", [root, buncOnly], async (box) => {
  const output = box.path("hook-environment");
  const bundle = box.probe(["self"], (config) => {
    config.hooks = { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", `env > ${output}`] }] };
  });
  await box.run(bundle, [], { env: { ...bareEnvironment, OWN: "1" } });
  const names = readFileSync(output, "utf8")
    .split("\n")
    .map((line) => line.split("=")[0]);
  expect(names).toContain("OWN");
  expect(names.filter((name) => /^(BUN|MIMALLOC)/.test(name ?? ""))).toEqual([]);
});

const inDeletedDirectory = after('mkdir gone && cd gone && rmdir "$PWD"');

scenario("a deleted working directory", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const state = await box.must(["state", id], { wrapper: inDeletedDirectory });
  expect(JSON.parse(state.stdout).status).toBe("running");
  await box.must(["kill", id, "KILL"], { wrapper: inDeletedDirectory });
  await box.waitFor(id, "stopped");
  await box.must(["delete", id], { wrapper: inDeletedDirectory });
});

scenario("in a deleted working directory a relative path finds and makes nothing", [root], async (box) => {
  for (const args of [["create", box.id()], ["create", "--bundle", "bundle", box.id()], ["spec"]]) {
    const result = await box.call(args, { wrapper: inDeletedDirectory });
    expect([args, result.status]).toEqual([args, 1]);
  }
  const log = await box.call(["--log", "log", "state", "nothing"], { wrapper: inDeletedDirectory });
  expect(log.status).toBe(1);
  expect([existsSync("/config.json"), existsSync("/log")]).toEqual([false, false]);
});

scenario("standard streams that are closed", [root], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  for (const closed of ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]) {
    const result = await box.call(["state", id], { wrapper: after(`exec ${closed}`) });
    expect([closed, result.status]).toEqual([closed, 0]);
    expect(result.stderr).toBe("");
  }
});

const countsOnlyTheCallers = notIn("runc", "it mistakes its own descriptors for the caller's");

scenario(
  "--preserve-fds counts a descriptor that only the runtime has",
  [root, countsOnlyTheCallers],
  async (box) => {
    const wrapper = after("exec 3<&- 4<&- 5<&- 6<&- 7<&-");
    const bundle = box.probe(["self"]);
    for (const count of ["1", "3", "5"]) {
      const result = await box.run(bundle, ["--preserve-fds", count], { wrapper });
      expect([count, result.status]).toEqual([count, 1]);
      expect(result.stderr).toContain("unable to stat preserved-fd 0");
    }
  },
);

scenario("LISTEN_FDS counts a socket that does not exist", [root, buncOnly], async (box) => {
  const wrapper = after("exec 3</dev/null 4<&-; export LISTEN_PID=$$");
  const result = await box.run(box.probe(["self"]), [], {
    wrapper,
    env: { ...bareEnvironment, LISTEN_FDS: "2" },
  });
  expect(result.status).toBe(1);
  expect(result.stderr).toContain("unable to pass on socket 1 (of 2)");
});

for (const flags of [["--ignore-signal=PIPE"], ["--ignore-signal=USR1,XFSZ"], ["--block-signal=TERM,HUP"]]) {
  scenario(`env ${flags}: the container has none of it`, [root, command("env")], async (box) => {
    const { self } = await box.reportOf(box.probe(["self"]), [], { wrapper: ["env", ...flags] });
    expect([self.ignoredSignals, self.blockedSignals]).toEqual([[], []]);
  });
}

const startsInLittle = notIn("runc", "the Go runtime reserves more");

for (const kibibytes of [500_000, 1_200_000, 2_300_000]) {
  scenario(`an address space of ${kibibytes} KiB is enough`, [root, startsInLittle], async (box) => {
    const { self } = await box.reportOf(withoutLimits(box), [], { wrapper: after(`ulimit -v ${kibibytes}`) });
    expect(self.rlimits["AS"]?.soft).toBe(String(kibibytes * 1024));
  });
}

/** The limit that is too small, and the smallest sufficient value, in KiB. */
const memoryLimits = [
  {
    option: "-v",
    name: "the address space, RLIMIT_AS,",
    tooSmall: [3_200, 50_000, 100_000, 130_000, 390_000],
    enough: 393_216,
  },
  {
    option: "-d",
    name: "the data segment, RLIMIT_DATA,",
    tooSmall: [300, 10_000, 30_000, 320_000],
    enough: 327_680,
  },
];
/** From the image, and as on a host where the image cannot be used. */
const starts = { image: {}, normal: { BUNC_START: "normal" } };

for (const [start, variables] of Object.entries(starts)) {
  const env = { ...bareEnvironment, ...variables };
  for (const { option, name, tooSmall, enough } of memoryLimits) {
    scenario(
      `ulimit ${option} too small: one line says so; start: ${start}`,
      [root, buncOnly],
      async (box) => {
        const run = ["run", "--bundle", withoutLimits(box).directory, box.id()];
        for (const kibibytes of tooSmall) {
          for (const words of [["--version"], ["state", box.id()], run]) {
            const result = await box.call(words, { env, wrapper: after(`ulimit ${option} ${kibibytes}`) });
            expect(result).toEqual({
              status: 1,
              stdout: "",
              stderr: `bunc: the limit of ${name} is ${kibibytes * 1024} bytes; at least ${enough * 1024} (ulimit ${option} ${enough}) or unlimited is needed\n`,
            });
          }
        }
      },
    );

    scenario(`ulimit ${option} ${enough} is enough; start: ${start}`, [root, buncOnly], async (box) => {
      const wrapper = after(`ulimit -s 64; ulimit ${option} ${enough}`);
      const bundle = box.probe(["exit:7"], (config) => {
        config.process.rlimits = [];
      });
      await box.must(["--version"], { env, wrapper });
      expect((await box.run(bundle, [], { env, wrapper })).status).toBe(7);
      const id = await box.create(box.probe(["sleep"]), [], { env, wrapper });
      await box.must(["start", id], { env, wrapper });
      await box.must(["state", id], { env, wrapper });
      await box.must(["delete", "--force", id], { env, wrapper });
    });
  }

  scenario(
    `no room for the entry stub itself: the kernel ends it, and nothing is done; start: ${start}`,
    [root, buncOnly],
    async (box) => {
      const bundle = withoutLimits(box);
      for (const limit of ["-v 2048", "-d 128"]) {
        const id = box.id();
        const wrapper = ["bash", "-c", `(ulimit ${limit}; exec "$@")`, "sh"];
        const result = await box.call(["run", "--bundle", bundle.directory, id], { env, wrapper });
        expect([limit, result.status, result.stdout]).toEqual([limit, 128 + 11, ""]);
        expect(result.stderr).not.toContain("Bun");
        expect((await box.call(["state", id])).status).toBe(1);
      }
    },
  );

  scenario(
    `the executable's mappings cannot grow: one line says so; start: ${start}`,
    [root, buncOnly, command("strace")],
    async (box) => {
      const wrapper = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=mremap:error=EPERM"];
      expect(await box.call(["--version"], { env, wrapper })).toEqual({
        status: 1,
        stdout: "",
        stderr: "bunc: the executable cannot be mapped: mremap: EPERM\n",
      });
    },
  );
}

for (const kibibytes of [64, 128, 300]) {
  scenario(`a stack of ${kibibytes} KiB is enough`, [root], async (box) => {
    const wrapper = after(`ulimit -s ${kibibytes}`);
    const bundle = box.probe(["exit:7"], (config) => {
      config.process.rlimits = [];
    });
    expect((await box.run(bundle, [], { wrapper })).status).toBe(7);
    const sleeping = box.probe(["sleep"]);
    const id = await box.create(sleeping, [], { wrapper });
    await box.must(["start", id], { wrapper });
    expect((await box.call(["exec", id, "/probe", "exit:5"], { wrapper })).status).toBe(5);
    await box.must(["list"], { wrapper });
    await box.must(["delete", "--force", id], { wrapper });
  });
}

scenario("no environment at all", [root, buncOnly], async (box) => {
  const result = await box.must(["--version"], { wrapper: ["env", "-i"] });
  expect(result.stdout).toStartWith("runc version");
});
