/** Imports of src go one way, from floor to floor and from file to file. The floors stand in docs/ARCHITECTURE.md. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { everyImport } from "./imports.ts";

const architecture = readFileSync(join(projectRoot, "docs/ARCHITECTURE.md"), "utf8");

interface Room {
  /** Path below src: a folder, or a file that stands for itself. */
  path: string;
  /** 0 is the highest. */
  floor: number;
}

/** The first words of each line of the block: the rooms of one floor. */
const rooms: Room[] = (/^## Floors\n[\s\S]*?^```\n([\s\S]*?)^```/m.exec(architecture)?.[1] ?? "")
  .trimEnd()
  .split("\n")
  .flatMap((line, floor) => (line.split(/ {2,}/)[0] as string).split(" ").map((path) => ({ path, floor })));

const files = [...new Bun.Glob("**/*.ts").scanSync(join(projectRoot, "src"))]
  .filter((path) => !path.endsWith(".test.ts"))
  .sort();

const imports = new Map(
  files.map((path) => [
    path,
    everyImport(readFileSync(join(projectRoot, "src", path), "utf8"))
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => normalize(join(dirname(path), specifier)))
      .filter((target) => isShipped(target)),
  ]),
);

function isShipped(path: string): boolean {
  return path.endsWith(".ts") && !path.startsWith("..");
}

/** A file that is a room of its own is not of its folder's. */
function roomOf(path: string): Room | undefined {
  return rooms.find((room) => room.path === path) ?? rooms.find((room) => path.startsWith(`${room.path}/`));
}

test("every file has a floor", () => {
  expect(rooms.length).toBeGreaterThan(10);
  expect(files.filter((path) => roomOf(path) === undefined)).toEqual([]);
});

test("nothing is imported from above, or from another room of the same floor", () => {
  const upward = [...imports].flatMap(([path, targets]) =>
    targets
      .filter((target) => {
        const [from, to] = [roomOf(path), roomOf(target)];
        return from === undefined || to === undefined || (from !== to && to.floor <= from.floor);
      })
      .map((target) => `${path} → ${target}`),
  );
  expect(upward).toEqual([]);
});

test("no files import each other in a circle", () => {
  // What is left after taking away, again and again, who imports nothing that is left.
  const left = new Map([...imports].map(([path, targets]) => [path, new Set(targets)]));
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const [path, targets] of left) {
      if (![...targets].some((target) => left.has(target))) left.delete(path);
    }
  }
  expect([...left.keys()].filter((path) => reaches(path, path))).toEqual([]);
});

function reaches(from: string, wanted: string, seen = new Set<string>()): boolean {
  return (imports.get(from) ?? []).some((target) => {
    if (target === wanted) return true;
    if (seen.has(target)) return false;
    seen.add(target);
    return reaches(target, wanted, seen);
  });
}

test("what the configuration's text means is found out in src/oci, once", () => {
  // Who makes or edits documents, and the names of the options for people, are another matter.
  const readers = /\b(parseMountOptions|targetOf|rootPath|MountConfig|DeviceConfig)\b/;
  const others = files.filter((path) => !/^(oci|spec)\//.test(path));
  expect(others.filter((path) => readers.test(readFileSync(join(projectRoot, "src", path), "utf8")))).toEqual(
    [],
  );
});

test("the table of docs/ARCHITECTURE.md has every folder of src and zig", () => {
  const named = [...architecture.matchAll(/^\| ([^|]*) \|/gm)].flatMap((row) =>
    (row[1] as string).split(", ").map((path) => path.replace(/\/\*.*$/, "")),
  );
  const folders = ["src", "zig"].flatMap((root) =>
    readdirSync(join(projectRoot, root), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${root}/${name}`),
  );
  expect(folders.filter((folder) => !named.includes(folder))).toEqual([]);
});
