import { expect } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { addNamespace, type Edit } from "../harness/config.ts";
import { buncOnly, notIn, type Requirement, root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const ids: { id: string; text: RegExp }[] = [
  { id: "", text: /container id cannot be empty/ },
  { id: ".", text: /invalid (container )?id format/i },
  { id: "..", text: /invalid (container )?id format/i },
  { id: "a/b", text: /invalid (container )?id format/i },
  { id: "a b", text: /invalid (container )?id format/i },
  { id: "ümlaut", text: /invalid (container )?id format/i },
  { id: "semi;colon", text: /invalid (container )?id format/i },
];

for (const { id, text } of ids) {
  scenario(`container id ${JSON.stringify(id)} is refused`, [root], async (box) => {
    for (const verb of ["create", "state", "start", "delete"]) {
      const bundle = verb === "create" ? ["--bundle", box.probe([]).directory] : [];
      const result = await box.call([verb, ...bundle, id]);
      expect([verb, result.status]).toEqual([verb, 1]);
      expect(result.stderr).toMatch(text);
    }
  });
}

for (const id of ["A", "0", "a.b", "a+b", "a_b-c", "-leading".slice(1), "x".repeat(200)]) {
  scenario(`container id ${id.slice(0, 20)} is accepted`, [root], async (box) => {
    const own = `${box.name}${id}`;
    expect((await box.call(["run", "--bundle", box.probe([]).directory, own])).status).toBe(0);
  });
}

const unknown: { verb: string; args: string[]; status: number }[] = [
  { verb: "state", args: [], status: 1 },
  { verb: "start", args: [], status: 1 },
  { verb: "kill", args: ["TERM"], status: 1 },
  { verb: "delete", args: [], status: 1 },
  { verb: "pause", args: [], status: 1 },
  { verb: "resume", args: [], status: 1 },
  { verb: "ps", args: [], status: 1 },
  { verb: "events", args: [], status: 1 },
  { verb: "update", args: ["--memory", "10M"], status: 1 },
];

for (const { verb, args, status } of unknown) {
  scenario(`${verb} of an unknown id: container does not exist`, [root], async (box) => {
    const flagsFirst = verb === "update";
    const result = await box.call([verb, ...(flagsFirst ? args : []), box.id(), ...(flagsFirst ? [] : args)]);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain("container does not exist");
    expect(result.stdout).toBe("");
  });
}

for (const verb of ["create", "start", "state", "kill", "delete", "exec", "run"]) {
  scenario(`${verb} without arguments says what it needs`, [root], async (box) => {
    const result = await box.call([verb]);
    expect(result.status).not.toBe(0);
    expect(`${result.stdout}${result.stderr}`).not.toBe("");
  });
}

const badFlags: { args: string[]; needs?: Requirement[] }[] = [
  { args: ["--no-such-flag", "list"] },
  { args: ["list", "--no-such-flag"] },
  { args: ["list", "--format", "yaml"] },
  { args: ["--log-format", "xml", "list"] },
  { args: ["kill", "x", "NOSUCHSIGNAL"] },
  { args: ["kill", "x", "SIG"] },
  { args: ["create", "--preserve-fds", "many", "x"] },
  { args: ["create", "--preserve-fds"] },
  { args: ["--root", "/", "list"], needs: [notIn("runc", "1.1.5 takes it")] },
];

for (const { args, needs = [] } of badFlags) {
  scenario(`refused: ${args.join(" ")}`, [root, ...needs], async (box) => {
    const result = await box.call(args, args.includes("--root") ? { root: null } : {});
    expect(result.status).not.toBe(0);
    expect(`${result.stdout}${result.stderr}`).not.toBe("");
  });
}

scenario("an unknown command", [root], async (box) => {
  const result = await box.call(["frobnicate"]);
  // runc shows its help and succeeds or fails, depending on the version; nothing else may happen.
  if (box.runtime.name !== "runc") expect(result.status).not.toBe(0);
});

const bundles: { name: string; prepare: (box: Sandbox) => string[]; text: RegExp; needs?: Requirement[] }[] =
  [
    {
      name: "a bundle that is not there",
      prepare: (box) => ["--bundle", box.path("nowhere")],
      text: /no such file or directory/,
    },
    {
      name: "a bundle without config.json",
      prepare: (box) => {
        mkdirSync(box.path("empty"));
        return ["--bundle", box.path("empty")];
      },
      text: /JSON specification file config.json not found/,
    },
    {
      name: "a bundle that is a file",
      prepare: (box) => {
        writeFileSync(box.path("file"), "");
        return ["--bundle", box.path("file")];
      },
      text: /not a directory/,
    },
    {
      name: "a root file system that is not there",
      prepare: (box) => {
        const bundle = box.probe([]);
        rmSync(bundle.rootfs, { recursive: true });
        return ["--bundle", bundle.directory];
      },
      text: /no such file or directory|rootfs.*does not exist/,
    },
  ];

for (const { name, prepare, text, needs = [] } of bundles) {
  scenario(`create with ${name}`, [root, ...needs], async (box) => {
    const result = await box.call(["create", ...prepare(box), box.id()]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(text);
  });
}

/** Contents of config.json that are not a configuration. */
const documents: { name: string; text: string; needs?: Requirement[] }[] = [
  { name: "nothing", text: "" },
  { name: "a truncated object", text: '{"ociVersion": "1.0.2", "process": {' },
  { name: "an array", text: "[]" },
  { name: "null", text: "null", needs: [notIn("runc", "1.1.5 panics")] },
  { name: "a string", text: '"config"' },
  { name: "a comment", text: '{"ociVersion": "1.0.2" /* here */}' },
  { name: "an empty object", text: "{}" },
];

for (const { name, text, needs = [] } of documents) {
  scenario(
    `a config.json that is ${name}: an error, no crash, nothing left`,
    [root, ...needs],
    async (box) => {
      const bundle = box.probe([]);
      bundle.writeRaw(text);
      const result = await box.call(["create", "--bundle", bundle.directory, box.id()]);
      expect(result.status).toBe(1);
      expect(result.stderr).not.toMatch(/panic|goroutine|at .*\.ts:\d+/);
    },
  );
}

/** Every runtime must refuse each of these. */
const mistakes: { name: string; edit: Edit; needs?: Requirement[] }[] = [
  { name: "no process", edit: (config) => Reflect.deleteProperty(config, "process") },
  {
    name: "no arguments",
    edit: (config) => {
      config.process.args = [];
    },
  },
  {
    name: "a relative working directory",
    edit: (config) => {
      config.process.cwd = "relative";
    },
  },
  {
    name: "no root",
    edit: (config) => Reflect.deleteProperty(config, "root"),
  },
  {
    name: "a namespace type that does not exist",
    edit: (config) => addNamespace(config, "gravity"),
  },
  { name: "a namespace twice", edit: (config) => addNamespace(config, "pid") },
  {
    name: "a namespace path that does not exist",
    edit: (config) => {
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "network");
      addNamespace(config, "network", "/no/such/namespace");
    },
  },
  {
    name: "a namespace path of another type",
    edit: (config) => {
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "network");
      addNamespace(config, "network", "/proc/self/ns/uts");
    },
  },
  {
    name: "an unknown resource limit",
    edit: (config) => {
      config.process.rlimits = [{ type: "RLIMIT_NOTHING", soft: 1, hard: 1 }];
    },
  },
  {
    name: "a hostname without a uts namespace",
    edit: (config) => {
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "uts");
    },
  },
  {
    name: "an unknown mount file system",
    edit: (config) => {
      config.mounts.push({ destination: "/m", type: "nosuchfs", source: "none" });
    },
  },
  {
    name: "a bind mount from nowhere",
    edit: (config) => {
      config.mounts.push({ destination: "/m", type: "bind", source: "/no/such/source", options: ["bind"] });
    },
  },
  {
    name: "an unknown propagation",
    edit: (config) => {
      config.linux.rootfsPropagation = "sideways";
    },
  },
  {
    name: "a sysctl outside the container's namespaces",
    edit: (config) => {
      config.linux.sysctl = { "kernel.panic": "1" };
    },
  },
  {
    name: "an unknown sysctl",
    edit: (config) => {
      config.linux.sysctl = { "net.no.such": "1" };
    },
  },
  {
    name: "a device of an unknown type",
    edit: (config) => {
      config.linux.devices = [{ path: "/dev/x", type: "z", major: 1, minor: 1 }];
    },
  },
  {
    name: "a user namespace without mappings",
    edit: (config) => addNamespace(config, "user"),
    needs: [notIn("runc", "1.1.5 takes it and fails later")],
  },
  {
    name: "a string where a number belongs",
    edit: (config) => {
      Object.assign(config.process.user, { uid: "0" });
    },
  },
  {
    name: "a negative uid",
    edit: (config) => {
      config.process.user.uid = -1;
    },
  },
  {
    name: "a uid beyond 32 bits",
    edit: (config) => {
      config.process.user.uid = 2 ** 32;
    },
  },
  {
    name: "a fractional uid",
    edit: (config) => {
      config.process.user.uid = 0.5;
    },
  },
];

for (const { name, edit, needs = [] } of mistakes) {
  scenario(`config.json with ${name}`, [root, ...needs], async (box) => {
    const bundle = box.probe(["sleep"], edit);
    const result = await box.call(["create", "--bundle", bundle.directory, box.id()]);
    expect(result.status).toBe(1);
    expect(result.stderr).not.toBe("");
    expect(existsSync(box.root) ? readdirSync(box.root) : []).toEqual([]);
  });
}

scenario(
  "all mistakes of a config.json are reported at once, each with its path",
  [root, buncOnly],
  async (box) => {
    const bundle = box.probe([], (config) => {
      config.process.cwd = "relative";
      Object.assign(config.process.user, { uid: "zero" });
      config.linux.rootfsPropagation = "sideways";
      addNamespace(config, "gravity");
    });
    const result = await box.run(bundle);
    expect(result.status).toBe(1);
    for (const path of [
      "process.cwd",
      "process.user.uid",
      "linux.rootfsPropagation",
      "linux.namespaces[5]",
    ]) {
      expect(result.stderr).toContain(path);
    }
  },
);

const executables: { name: string; args: string[]; text: RegExp; prepare?: (rootfs: string) => void }[] = [
  {
    name: "a command that PATH does not find",
    args: ["no-such-command"],
    text: /exec: "no-such-command": executable file not found in \$PATH/,
  },
  {
    name: "a path that is not there",
    args: ["/no/such/file"],
    text: /exec:? "?\/no\/such\/file"?:.*no such file or directory/,
  },
  {
    name: "a file that is not executable",
    args: ["/plain"],
    text: /permission denied/,
    prepare: (rootfs) => writeFileSync(`${rootfs}/plain`, "text", { mode: 0o644 }),
  },
  { name: "a directory", args: ["/proc"], text: /permission denied|is a directory/ },
  {
    name: "a file of no known format",
    args: ["/garbage"],
    text: /exec format error/,
    prepare: (rootfs) => {
      writeFileSync(`${rootfs}/garbage`, "not a program");
      chmodSync(`${rootfs}/garbage`, 0o755);
    },
  },
  {
    name: "a script whose interpreter is missing",
    args: ["/script"],
    text: /no such file or directory/,
    prepare: (rootfs) => {
      writeFileSync(`${rootfs}/script`, "#!/no/interpreter\n");
      chmodSync(`${rootfs}/script`, 0o755);
    },
  },
];

for (const { name, args, text, prepare } of executables) {
  scenario(`run of ${name}`, [root], async (box) => {
    const bundle = box.bundle((config) => {
      config.process.args = args;
    });
    prepare?.(bundle.rootfs);
    const result = await box.run(bundle);
    expect(result.status).not.toBe(0);
    expect(unquoted(result.stderr)).toMatch(text);
    expect(existsSync(box.root) ? readdirSync(box.root) : []).toEqual([]);
  });
}

scenario("create reports a missing executable in the words that clients match", [root], async (box) => {
  const bundle = box.bundle((config) => {
    config.process.args = ["missing"];
  });
  const id = box.id();
  const result = await box.call(["create", "--bundle", bundle.directory, id]);
  expect(result.status).toBe(1);
  // Newer runc says "error during container init: " in between.
  expect(unquoted(result.stderr)).toMatch(
    /runc create failed: unable to start container process: (error during container init: )?exec: "missing": executable file not found in \$PATH/,
  );
});
