import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { globalCommand } from "../../src/verbs/global-flags.ts";
import { type VerbName, verbs } from "../../src/verbs/verbs.ts";
import { skipMarker } from "../../test/harness/scenario-name.ts";
import { bashCompletion } from "./bash.ts";
import { commandLine, WORDS } from "./definition.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

const definition = commandLine();

test.each(Object.entries(WORDS))("%s takes the words that are offered for it", (key, words) => {
  const [verb = "", long = ""] = key.split(" ");
  const command = verb === "" ? globalCommand() : verbs[verb as VerbName]();
  const option = command.options.find((each) => each.long === long);
  expect(option?.parseArg).toBeDefined();
  for (const word of words) option?.parseArg?.(word as never, [] as never);
});

/** What bash offers for the last of the words. Containers are c1 and c2, of --root /r also r1. */
function complete(...words: string[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), "bunc-completion-"));
  try {
    writeFileSync(
      join(directory, "bunc"),
      '#!/bin/sh\necho c1\necho c2\n[ "$1 $2" = "--root /r" ] && echo r1\nexit 0\n',
    );
    chmodSync(join(directory, "bunc"), 0o755);
    writeFileSync(join(directory, "completion"), bashCompletion(definition));
    const script = [
      `source ${join(directory, "completion")}`,
      `COMP_WORDS=(bunc ${words.map((word) => `'${word}'`).join(" ")})`,
      `COMP_CWORD=${words.length}`,
      "_bunc",
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
    ].join("\n");
    const { stdout, stderr } = Bun.spawnSync(["bash", "--norc", "-c", script], {
      cwd: directory,
      env: { PATH: `${directory}:${process.env["PATH"]}` },
    });
    expect(stderr.toString()).toBe("");
    return stdout.toString().split("\n").filter(Boolean);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const hasBash = Bun.which("bash") !== null;
const bashTest = hasBash ? test : test.skip;
const bash = (name: string) =>
  hasBash ? `bash: ${name}` : `bash: ${name}${skipMarker}bash is not installed]`;

bashTest.each([
  ["verbs", ["sp"], ["spec"]],
  ["flags of a verb", ["run", "--pidf"], ["--pidfd-socket"]],
  ["short flags too", ["run", "-d"], ["-d"]],
  ["global flags", ["--log-f"], ["--log-format"]],
  ["values of a flag", ["--log-format", "j"], ["json"]],
  ["a value behind an equals sign", ["list", "--format", "=", "t"], ["table"]],
  ["an empty value behind an equals sign", ["list", "--format", "="], ["table", "json"]],
  ["global flags behind a verb", ["state", "--log-level", "w"], ["warning"]],
  ["containers", ["delete", "--force", ""], ["c1", "c2"]],
  ["containers of another root", ["--root", "/r", "state", "r"], ["r1"]],
  ["no containers for a new one", ["run", ""], []],
  ["signals", ["kill", "c1", "KI"], ["KILL"]],
  [
    "capabilities",
    ["exec", "--cap", "CAP_NET_"],
    ["CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW"],
  ],
  ["files", ["validate", "comp"], ["completion"]],
  ["words and files", ["spec", "--seccomp", ""], ["default", "none", "bunc", "completion"]],
  ["commands to help with", ["help", "ki"], ["kill"]],
] as const)(bash("%s: %p"), (_name, words, offered) => {
  expect(complete(...words).sort()).toEqual([...offered].sort());
});

test("each shell's completion has every verb and every flag that help shows", () => {
  const texts = [bashCompletion(definition), zshCompletion(definition), fishCompletion(definition)];
  for (const verb of definition.verbs) {
    for (const text of texts) expect(text).toContain(verb.name);
    for (const { long } of verb.flags) {
      expect(texts[0]).toContain(long);
      expect(texts[1]).toContain(long);
      expect(texts[2]).toContain(` -l ${long.slice(2)}`);
    }
  }
});

for (const [shell, text] of [
  ["bash", bashCompletion],
  ["zsh", zshCompletion],
  ["fish", fishCompletion],
] as const) {
  const name = `${shell} reads it`;
  const installed = Bun.which(shell) !== null;
  (installed ? test : test.skip)(installed ? name : `${name}${skipMarker}${shell} is not installed]`, () => {
    const { stderr, exitCode } = Bun.spawnSync([shell, "-n", "/dev/stdin"], {
      stdin: Buffer.from(text(definition)),
    });
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  });
}
