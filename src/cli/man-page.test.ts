import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { globalCommand } from "../verbs/global-flags.ts";
import { type VerbName, verbs } from "../verbs/verbs.ts";
import { manPages } from "./man-page.ts";
import { parseCommandLine } from "./program.ts";

const directory = new URL("../../docs/man/", import.meta.url);
const pages = manPages();

test.each([...pages.keys()])(
  "docs/man/%s is what the tables say (else: bun src/cli/man-page.ts)",
  async (file) => {
    expect(await Bun.file(new URL(file, directory)).text()).toBe(pages.get(file) as string);
  },
);

test("there is no page without a command", () => {
  expect(readdirSync(directory).sort()).toEqual([...pages.keys()].sort());
});

test("page and help name the same flags, and no hidden ones", () => {
  const commands = [
    ...(Object.keys(verbs) as VerbName[]).map((verb) => ({ verb, command: verbs[verb]() })),
    { verb: "", command: globalCommand() },
  ];
  for (const { verb, command } of commands) {
    const page = pages.get(verb === "" ? "bunc.8.md" : `bunc-${verb}.8.md`) as string;
    const invocation = parseCommandLine([verb, "--help"].filter(Boolean), "bunc").invocation();
    const help = invocation.kind === "help" ? invocation.text : "";
    for (const option of command.options) {
      expect([option.long, page.includes(`**${option.long}**`)]).toEqual([option.long, !option.hidden]);
      expect([option.long, help.includes(`${option.flags} `)]).toEqual([option.long, !option.hidden]);
    }
  }
});
