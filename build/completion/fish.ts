/** Completion for fish. */
import type { CommandLine, Flag, Value, Verb } from "./definition.ts";

export function fishCompletion({ flags, verbs }: CommandLine): string {
  const names = verbs.map(({ name }) => name).join(" ");
  return `# Completion of bunc for fish. Made by the build from bunc's own definition of its command line.

function __bunc_containers
    set -l words (commandline -opc)
    set -l root (string match -- '--root=*' $words)
    if set -l at (contains -i -- --root $words)
        set root --root $words[(math $at + 1)]
    end
    bunc $root list -q 2>/dev/null
end

complete -c bunc -f
set -l verbs ${names}
${flags.map((flag) => flagLine("", flag)).join("\n")}
${verbs.map(({ name, summary }) => `complete -c bunc -n "not __fish_seen_subcommand_from $verbs" -a ${name} -d ${quoted(summary)}`).join("\n")}
complete -c bunc -n "not __fish_seen_subcommand_from $verbs" -a help -d 'show help for a command'
complete -c bunc -n "__fish_seen_subcommand_from help" -a "$verbs"
${verbs.flatMap(verbLines).join("\n")}
`;
}

function verbLines({ name, flags, arguments: list }: Verb): string[] {
  const condition = ` -n "__fish_seen_subcommand_from ${name}"`;
  const values = list.map(valueOptions).filter((options) => options !== " -x");
  return [
    ...flags.map((flag) => flagLine(condition, flag)),
    ...values.map(
      (options) => `complete -c bunc${condition}${options.replace(" -x", "").replace(" -r", "")}`,
    ),
  ];
}

function flagLine(condition: string, { long, short, description, value }: Flag): string {
  const names = ` -l ${long.slice(2)}${short === "" ? "" : ` -s ${short.slice(1)}`}`;
  const options = value === undefined ? "" : valueOptions(value);
  return `complete -c bunc${condition}${names}${options} -d ${quoted(description)}`;
}

/** -x: only the given words; -r with -F: files too. */
function valueOptions({ kind, words }: Value): string {
  switch (kind) {
    case "words":
    case "signal":
      return ` -x -a ${quoted(words.join(" "))}`;
    case "file":
      return words.length === 0 ? " -r -F" : ` -r -F -a ${quoted(words.join(" "))}`;
    case "directory":
      return " -x -a '(__fish_complete_directories)'";
    case "container":
      return " -x -a '(__bunc_containers)'";
    case "program":
    case "other":
      return " -x";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
