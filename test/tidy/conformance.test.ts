/** docs/CONFORMANCE.md claims nothing without a test: every test that it names is there. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { conformanceRows } from "../harness/conformance.ts";
import { projectRoot } from "../harness/project.ts";

/** Whether the file has a test of that name, written out or made from a template. */
function isThere(file: string, name: string): boolean {
  const path = join(projectRoot, file);
  if (name === "" || !existsSync(path)) return false;
  const source = readFileSync(path, "utf8").replaceAll('\\"', '"');
  return (
    name.split("…").every((part) => source.includes(part)) || templates(source).some((it) => it.test(name))
  );
}

/** Template texts with some words of their own, as patterns. */
function templates(source: string): RegExp[] {
  return [...source.matchAll(/\b(?:scenario|rootless|test)\(\s*`([^`]+)`/g)]
    .map(([, text = ""]) => text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/))
    .filter((parts) => parts.join("").length > 1)
    .map((parts) => new RegExp(`^${parts.map((part) => RegExp.escape(part)).join(".*")}$`));
}

test("every row has a feature, what bunc does, a test or an honest gap, and what runc does", () => {
  const all = conformanceRows();
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter(({ feature, cells }) => feature === "" || cells !== 4)).toEqual([]);
});

test("the tests that are named are there", () => {
  const missing = conformanceRows().flatMap(({ references }) =>
    references.filter(({ file, name }) => !isThere(file, name)),
  );
  expect(missing).toEqual([]);
});
