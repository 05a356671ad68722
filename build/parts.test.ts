import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundleParts, partsPlugin } from "./parts.ts";

let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "bunc-parts-"));
  const files: Record<string, string> = {
    "src/failure/errors.ts": "export class RuntimeError extends Error {}",
    "src/host/start-record.ts": "export const record = { taken: 0 };",
    "src/counter.ts": "let count = 0; export const next = () => ++count;",
    "src/inner.ts": `
      import { next } from "./counter.ts";
      import { RuntimeError } from "./failure/errors.ts";
      globalThis.begun.push("inner");
      export function fail() { throw new RuntimeError("inner " + next()); }`,
    "src/commands/first.ts": `
      import { next } from "../counter.ts";
      import { record } from "../host/start-record.ts";
      globalThis.begun.push("first");
      export function run() {
        record.taken += 1;
        console.log("first", next(), next());
        require("../inner.ts").fail();
      }`,
    "src/commands/second.ts": `
      globalThis.begun.push("second");
      export const run = () => require("../inner.ts").fail();`,
    "src/main.ts": `
      import { next } from "./counter.ts";
      import { RuntimeError } from "./failure/errors.ts";
      import { record } from "./host/start-record.ts";
      globalThis.begun = [];
      const commands = {
        first: () => require("./commands/first.ts"),
        second: () => require("./commands/second.ts"),
      };
      for (const name of process.argv.slice(2)) {
        try {
          commands[name]().run();
        } catch (error) {
          console.log(error.message, error instanceof RuntimeError);
        }
      }
      console.log("main", next(), "taken", record.taken, "begun", globalThis.begun.join());`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
});

afterAll(() => rmSync(project, { recursive: true }));

async function outputOf(...words: string[]): Promise<string[]> {
  const entry = join(project, "src/main.ts");
  const result = await Bun.build({
    entrypoints: [entry],
    target: "bun",
    minify: true,
    bytecode: true,
    outdir: join(project, "out"),
    plugins: [await partsPlugin(project, entry)],
  });
  expect(result.logs).toEqual([]);
  const run = Bun.spawnSync([process.execPath, join(project, "out/main.js"), ...words]);
  return `${run.stdout}${run.stderr}`.trim().split("\n");
}

test("a part runs when it is reached, all parts share errors and start record but no other modules", async () => {
  expect(await outputOf("first", "second")).toEqual([
    "first 1 2",
    "inner 1 true",
    // The part that both load exists once.
    "inner 2 true",
    "main 1 taken 1 begun first,inner,second",
  ]);
});

test("a part that is not reached does not run", async () => {
  expect(await outputOf()).toEqual(["main 1 taken 0 begun"]);
});

test("a part that cannot be bundled is named", async () => {
  const entry = join(project, "src/broken.ts");
  writeFileSync(entry, 'import { nothing } from "./missing.ts"; nothing();');
  await expect(bundleParts(project, entry)).rejects.toThrow();
});

test("only the program's first part contains commander", async () => {
  const root = join(import.meta.dir, "..");
  const entry = join(root, "src/main.ts");
  const parts = await bundleParts(root, entry);
  const withCommander = [...parts].filter(([, text]) => /node_modules\/commander\//.test(text));
  expect(withCommander.map(([path]) => path)).toEqual([entry]);
  expect(parts.size).toBeGreaterThan(20);
}, 60_000);
