/** The completions, in their shells. */
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipMarker } from "../../test/harness/scenario-name.ts";
import { bashCompletion } from "./bash.ts";
import { type CommandLine, commandLine } from "./definition.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

interface Shell {
  name: string;
  completion: (definition: CommandLine) => string;
  /** Name of the file with the completion. */
  file: string;
  /** Prints what is offered for the last word, each on a line; run where the file is. */
  script: (words: readonly string[]) => string;
}

const bash: Shell = {
  name: "bash",
  completion: bashCompletion,
  file: "completion",
  script: (words) => `source ./completion
COMP_WORDS=(bunc ${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length}
_bunc
printf '%s\\n' "\${COMPREPLY[@]}"`,
};

/**
 * Presses the key in a terminal; compadd, the builtin that offers matches, records them. Nothing else is typed in the
 * meantime, because zsh would then give up.
 */
const zsh: Shell = {
  name: "zsh",
  completion: zshCompletion,
  file: "_bunc",
  script: (words) => `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D
compadd() {
  if [[ -n \${(M)@:#-[OAD]} ]]; then builtin compadd "$@"; return; fi
  local -a fitting
  builtin compadd -O fitting "$@"
  print -rl -- $fitting >>offered
}
offer() { zle complete-word; print >>offered; : >ended }
zle -N offer
bindkey "^I" offer
print re""ady'
zpty -r -m shell text '*ready*'
zpty -n -w shell 'bunc ${words.join(" ")}'$'\\t'
until [[ -e ended ]]; do sleep 0.02; done
sort -u offered`,
};

const fish: Shell = {
  name: "fish",
  completion: fishCompletion,
  file: "completion",
  script: (words) => `source ./completion
complete -C 'bunc ${words.join(" ")}' | string replace -r '\\t.*' ''`,
};

/** The containers are c1 and c2; with --root /r there is also r1. */
function offered({ name, completion, file, script }: Shell, words: readonly string[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), "bunc-completion-"));
  try {
    const bunc = '#!/bin/sh\necho c1\necho c2\n[ "$1 $2" = "--root /r" ] && echo r1\nexit 0\n';
    writeFileSync(join(directory, "bunc"), bunc);
    chmodSync(join(directory, "bunc"), 0o755);
    writeFileSync(join(directory, file), completion(commandLine()));
    writeFileSync(join(directory, "script"), script(words));
    const { stdout, stderr } = Bun.spawnSync([name, "./script"], {
      cwd: directory,
      env: { PATH: `${directory}:${process.env["PATH"]}`, HOME: directory, TERM: "dumb" },
    });
    expect(stderr.toString()).toBe("");
    return stdout.toString().split("\n").filter(Boolean).sort();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

type Case = readonly [name: string, words: readonly string[], offered: readonly string[]];

const everywhere: readonly Case[] = [
  ["verbs", ["sp"], ["spec"]],
  ["flags of a verb", ["run", "--pidf"], ["--pidfd-socket"]],
  ["global flags", ["--log-f"], ["--log-format"]],
  ["values of a flag", ["--log-format", "j"], ["json"]],
  ["global flags behind a verb", ["state", "--log-level", "w"], ["warning"]],
  ["containers", ["delete", "--force", ""], ["c1", "c2"]],
  ["containers of another root", ["--root", "/r", "state", "r"], ["r1"]],
  ["no containers for a new one", ["run", ""], []],
  ["signals", ["kill", "c1", "KI"], ["KILL"]],
  [
    "capabilities",
    ["exec", "--cap", "CAP_NET_"],
    ["CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW"],
  ],
  ["files", ["validate", "scr"], ["script"]],
  ["commands to help with", ["help", "ki"], ["kill"]],
];

/** Command lines that each shell splits in its own way. */
const inBash: readonly Case[] = [
  ["short flags too", ["run", "-d"], ["-d"]],
  ["a value behind an equals sign", ["list", "--format", "=", "t"], ["table"]],
  ["an empty value behind an equals sign", ["list", "--format", "="], ["json", "table"]],
  ["words and files", ["spec", "--seccomp", ""], ["bunc", "completion", "default", "none", "script"]],
];

for (const [shell, cases] of [
  [bash, [...everywhere, ...inBash]],
  [zsh, everywhere],
  [fish, everywhere],
] as const) {
  const { name, completion } = shell;
  const isInstalled = Bun.which(name) !== null;
  const run = isInstalled ? test : test.skip;
  const titled = (title: string) => (isInstalled ? title : `${title}${skipMarker}${name} is not installed]`);
  describe(name, () => {
    run(titled(`${name} reads it`), () => {
      const { stderr, exitCode } = Bun.spawnSync([name, "-n", "/dev/stdin"], {
        stdin: Buffer.from(completion(commandLine())),
      });
      expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    });
    for (const [title, words, expected] of cases) {
      run(titled(`${name}: ${title}`), () => expect(offered(shell, words)).toEqual([...expected]));
    }
  });
}
