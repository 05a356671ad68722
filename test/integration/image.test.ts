/** The start from the image of the started program, and the fallback where the image cannot be used. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Finding } from "../../src/doctor/finding.ts";
import { ImageHeader, image, withImage } from "../harness/image.ts";
import { command, root } from "../harness/requirements.ts";
import { bareEnvironment, runtime } from "../harness/runtime.ts";
import { type CallOptions, Sandbox } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

async function startOf(box: Sandbox, options: CallOptions = {}): Promise<string | undefined> {
  const { stdout, stderr } = await box.call(["doctor", "--json"], options);
  expect(stderr).toBe("");
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.find(({ name }) => name === "start")?.found;
}

scenario("doctor reports a start from the image", [root, image], async (box) => {
  expect(await startOf(box)).toBe("from its image");
});

scenario("BUNC_START=normal: the normal start, and no child inherits it", [root, image], async (box) => {
  const env = { ...bareEnvironment, BUNC_START: "normal" };
  expect(await startOf(box, { env })).toContain("BUNC_START=normal");
  const output = box.path("environment");
  const bundle = box.probe(["self"], (config) => {
    config.hooks = { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", `env > ${output}`] }] };
  });
  await box.reportOf(bundle, [], { env });
  expect(readFileSync(output, "utf8")).not.toContain("BUNC_START");
});

const impediments: [string, string, (header: ImageHeader) => void][] = [
  ["a processor that can less", "processor", (header) => header.wantEveryFeature()],
  ["pages of another size", "pages of another size", (header) => header.wantPageSize(0x10000)],
  // The program's own code is at that address.
  ["the first address in use", "cannot be mapped", (header) => header.set("areas", 0, 0x200000)],
  ["a later address in use", "cannot be mapped", (header) => header.set("areas", 3 * 3, 0x40000000)],
  ["memory that cannot be moved", "cannot be mapped", (header) => header.set("fill", 7 + 5, 0x1001)],
  // By then some of the program's own memory has been replaced, so it executes itself again.
  [
    "memory of its own that cannot be replaced",
    "BUNC_START",
    (header) => header.set("replace", 7 + 5, 0x1001),
  ],
];

for (const [what, said, change] of impediments) {
  scenario(`${what}: the normal start, all else the same`, [root, image], async (box) => {
    const other = new Sandbox({ ...runtime, path: withImage(box, change) });
    try {
      expect(await startOf(other)).toContain(said);
      const [own, others] = [
        await box.reportOf(box.probe(["self"])),
        await other.reportOf(other.probe(["self"])),
      ];
      expect([others.self.pid, others.self.rlimits, others.self.env]).toEqual([
        1,
        own.self.rlimits,
        own.self.env,
      ]);
      expect(await other.call(["state", "nothing"])).toMatchObject({ status: 1 });
    } finally {
      expect(await other.dispose()).toEqual([]);
    }
  });
}

/** The features that the emulator has. */
const haswell = "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid";

for (const [model, expected] of [
  [haswell, "from its image"],
  [`${haswell},-bmi2`, "processor"],
] as const) {
  scenario(`emulated ${model}: ${expected}`, [root, image, command("qemu-x86_64-static")], async (box) => {
    const wrapper = ["qemu-x86_64-static", "-cpu", model];
    expect(await startOf(box, { wrapper })).toContain(expected);
    const { directory } = box.probe(["self"]);
    const validate = ["validate", "--json", `${directory}/config.json`];
    expect((await box.must(validate, { wrapper })).stdout).toBe((await box.must(validate)).stdout);
    // Not every emulator has openat2(2), but the command ends: what Bun compiles for the message can be executed, though the
    // emulator does not say that this is what is missing (zig/image/code.zig).
    const { status } = await box.call(["explain", "--bundle", directory, "c"], { wrapper });
    expect([0, 1]).toContain(status);
  });
}

/** The output of a shell command run by a hook, whose parent is the runtime. */
async function ofRuntime(box: Sandbox, script: string): Promise<string> {
  const output = box.path("hook-output");
  const bundle = box.probe(["self"], (config) => {
    config.hooks = { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", `(${script}) > ${output}`] }] };
  });
  await box.must(["run", "--bundle", bundle.directory, box.id()]);
  return readFileSync(output, "latin1");
}

scenario("no memory is both writable and executable", [root, image], async (box) => {
  const maps = await ofRuntime(box, "cat /proc/$PPID/maps");
  const modes = maps
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  expect(modes.length).toBeGreaterThan(30);
  expect(modes.filter((mode) => mode.includes("w") && mode.includes("x"))).toEqual([]);
  // SELinux lets a confined process execute memory of a file only if it has not been modified.
  const code = maps
    .split("\n")
    .filter((line) => /^[0-9a-f]{12}-\S+ r-x/.test(line) && !line.includes("[vdso]"));
  expect(code.length).toBeGreaterThan(0);
  expect(code.filter((line) => line.includes("/"))).toEqual([]);
});

scenario("each process has a stack guard of its own", [root, image, command("dd")], async (box) => {
  const header = new ImageHeader(runtime.path);
  const address = header.get("guards", 0);
  const read = `dd if=/proc/$PPID/mem bs=8 skip=${address / 8} count=1 2>/dev/null`;
  const guards = [await ofRuntime(box, read), await ofRuntime(box, read)];
  expect(guards.map(({ length }) => length)).toEqual([8, 8]);
  expect(guards[0]).not.toBe(guards[1]);
});

scenario("the environment and the working directory are the caller's", [root, image], async (box) => {
  const bundle = box.probe(["self"]);
  await box.must(["run", box.id()], { cwd: bundle.directory });
  const { stdout } = await box.must(["list"], { env: { ...bareEnvironment, XDG_RUNTIME_DIR: "/nowhere" } });
  expect(stdout).toStartWith("ID");
});

scenario("a configuration of megabytes: the same as in a normal start", [root, image], async (box) => {
  // Enough to make the garbage collector and the allocator release memory that came from the image, and reuse it.
  const numbers = Array.from({ length: 100_000 }, (_, index) => index);
  const bundle = box.probe(["self"], (config) => {
    config.annotations = Object.fromEntries(numbers.map((index) => [`org.example.key${index}`, `${index}`]));
    config.process.env = numbers.map((index) => `VARIABLE_${index}=${index}`);
  });
  const explain = ["explain", "--json", "--bundle", bundle.directory, "c"];
  const { stdout } = await box.must(explain);
  const normal = await box.must(explain, { env: { ...bareEnvironment, BUNC_START: "normal" } });
  expect(stdout.length).toBeGreaterThan(2e6);
  // In a normal start Bun raises the limit of its process, and bunc-init inherits it.
  const comparable = (text: string) => text.replaceAll(/RLIMIT_NOFILE soft \d+, hard \d+/g, "RLIMIT_NOFILE");
  expect(comparable(stdout) === comparable(normal.stdout)).toBe(true);
});

for (const wrapper of [
  ["setarch", "--addr-no-randomize"],
  ["setarch", "--addr-compat-layout"],
  ["setarch", "--addr-no-randomize", "--addr-compat-layout"],
  ["sh", "-c", 'ulimit -s unlimited; exec "$@"', "sh"],
  ["sh", "-c", 'ulimit -s 300; exec "$@"', "sh"],
]) {
  scenario(
    `starts in the address space of ${wrapper.join(" ")}`,
    [root, image, command("setarch")],
    async (box) => {
      expect((await box.reportOf(box.probe(["self"]), [], { wrapper })).self.pid).toBe(1);
    },
  );
}
