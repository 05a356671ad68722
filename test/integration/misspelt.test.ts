/** Misspelt names: the error suggests what was probably meant. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { addCapabilities } from "../harness/config.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { unquoted } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";

const needs = [root, buncOnly];

const words: { args: string[]; text: string }[] = [
  { args: ["creat", "x"], text: `No help topic for 'creat' (did you mean "create"?)` },
  {
    args: ["list", "--fromat", "json"],
    text: "flag provided but not defined: -fromat (did you mean format?)",
  },
  { args: ["kill", "x", "SIGTREM"], text: '(did you mean "SIGTERM"?)' },
];
for (const { args, text } of words) {
  scenario(`${args.join(" ")}`, needs, async (box) => {
    const result = await box.call(args);
    expect(result.status).not.toBe(0);
    expect(unquoted(result.stderr)).toContain(text);
  });
}

scenario(
  "a capability and a member: the container starts, with warnings that name their place",
  needs,
  async (box) => {
    const log = box.path("log");
    const bundle = box.probe(["caps"], (config) => {
      addCapabilities(config, "CAP_SYS_ADMN");
      Object.assign(config.linux, { maskedPath: ["/proc/kcore"], annotations: {} });
      Object.assign(config, { annotations: { hostnam: "x" }, vm: {}, "com.example": {} });
    });
    await box.must([
      "--log",
      log,
      "--log-format",
      "json",
      "--log-level",
      "info",
      "run",
      "--bundle",
      bundle.directory,
      box.id(),
    ]);
    const records = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records.map(({ level, msg, subject }) => [level, subject, msg])).toEqual([
      ["warning", "linux.maskedPath", 'ignoring unknown member "maskedPath" (did you mean "maskedPaths"?)'],
      [
        "warning",
        expect.stringMatching(/^process\.capabilities\.(bounding|effective|permitted)\[\d+\]$/),
        'ignoring unknown or unavailable capabilities: [CAP_SYS_ADMN] (did you mean "CAP_SYS_ADMIN"?)',
      ],
    ]);
  },
);
