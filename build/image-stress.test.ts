/** A separate program, started from its image and normally: both must give the same results (test/image/stress.ts). */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { addImage } from "./image.ts";
import { coreExports, linkExecutable } from "./link.ts";

const project = resolve(import.meta.dir, "..");
const core = join(project, "zig-out/bin/bunc-core");
const muslBun = join(project, "build/bun/x64/node_modules/@oven/bun-linux-x64-musl/bin/bun");
const isHere = process.arch === "x64" && existsSync(muslBun) && existsSync(core);

let directory = "";

beforeAll(async () => {
  if (!isHere) return;
  directory = mkdtempSync(join(tmpdir(), "bunc-stress-"));
  const [program, linked] = [join(directory, "program"), join(directory, "linked")];
  const exports = coreExports(core);
  const result = await Bun.build({
    entrypoints: [join(project, "test/image/stress.ts")],
    target: "bun",
    define: { BUNC_ABI: `${exports.abi}`, BUNC_CALL: `${exports.call}` },
    compile: { outfile: program, executablePath: muslBun },
  });
  expect(result.logs).toEqual([]);
  linkExecutable(program, core, linked);
  await addImage(linked, core, join(directory, "stress"));
}, 120_000);

afterAll(() => {
  if (directory !== "") rmSync(directory, { recursive: true });
});

async function outputOf(env: Record<string, string>): Promise<{ start: string; output: string }> {
  const child = Bun.spawn([join(directory, "stress")], { env, stdout: "pipe", stderr: "pipe" });
  const [output, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect([await child.exited, error.split("\n").length]).toEqual([0, 2]);
  return { start: error.trim(), output };
}

test.skipIf(!isHere)(
  "much memory allocated, collected, released and reused: the same results in both starts",
  async () => {
    const normal = await outputOf({ BUNC_START: "normal" });
    expect(normal.start).toBe("normal");
    expect(normal.output).toContain("zeros 0\n");
    expect(await outputOf({})).toEqual({ start: "image", output: normal.output });
  },
  300_000,
);
