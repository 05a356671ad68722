/** The table of attacks in docs/SECURITY.md is what was recorded, and every test that it counts is there. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { table, tableOnPage } from "../hostile/report.ts";
import { readResults } from "../hostile/results.ts";
import { rows } from "../hostile/rows.ts";
import { projectFiles } from "./files.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");

test("docs/SECURITY.md has the table of what was recorded", () => {
  expect(tableOnPage()).toBe(`\n${table(readResults())}`);
});

test("nothing is recorded of an attack that is no row", () => {
  const keys = rows.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(Object.keys(readResults()).filter((key) => !keys.includes(key))).toEqual([]);
});

test("every row is carried out by a test that is there", () => {
  const attacks = projectFiles.filter(
    (path) => path.startsWith("test/hostile/") && !path.endsWith("/rows.ts"),
  );
  const told = attacks.map(read).join();
  const missing = rows.filter(({ key, file, tests }) => {
    if (!existsSync(join(projectRoot, file))) return true;
    if (tests === undefined) return !`${told}${read(file)}`.includes(`"${key}"`);
    return !tests.split("…").every((part) => read(file).includes(part));
  });
  expect(missing.map(({ key }) => key)).toEqual([]);
});
