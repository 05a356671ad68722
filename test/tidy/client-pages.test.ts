/** docs/INSTALL.md and docs/FAILURES.md: what has a name in their source is used by the suite of the clients. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { criFailureSamples, failureChecks, type SampleOf } from "../clients/failures-doc.ts";
import { projectRoot as project } from "../harness/project.ts";

const page = (name: string) => readFileSync(join(project, "docs", name), "utf8");
const names = (text: string, kind: string) =>
  [...text.matchAll(new RegExp(`<!-- ${kind}: (\\S+) -->`, "g"))].map(([, name = ""]) => name);

const sources = ["test/clients", "test/clients/checks"]
  .flatMap((folder) => readdirSync(join(project, folder)).map((name) => join(project, folder, name)))
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");

test.each(["INSTALL.md", "FAILURES.md"])("each snippet of docs/%s is used", (name) => {
  const found = names(page(name), "snippet");
  expect(found.length).toBeGreaterThan(0);
  expect(found.filter((snippet) => !sources.includes(`"${snippet}"`))).toEqual([]);
});

test("each sample of docs/FAILURES.md is a check", () => {
  const text = page("FAILURES.md");
  const engines: Exclude<SampleOf, "CRI">[] = ["Docker", "Podman", "ctr"];
  const checks = engines.flatMap((engine) => failureChecks(engine));
  expect(checks.length + criFailureSamples().length).toBe(names(text, "sample").length);
  expect(checks.filter(({ script }) => script === "")).toEqual([]);
  // Whatever shows a prompt is run.
  expect(text.match(/^```console$/gm)?.length).toBe(checks.length);
});
