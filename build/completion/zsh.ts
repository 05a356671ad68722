/** Completion for zsh. */
import { type CommandLine, type Flag, SIGNALS, type Value, type Verb } from "./definition.ts";

export function zshCompletion({ flags, verbs }: CommandLine): string {
  return `#compdef bunc
# Completion of bunc for zsh. Made by the build from bunc's own definition of its command line.

_bunc_containers() {
  local -a containers
  containers=(\${(f)"$(_call_program containers $bunc $root list -q 2>/dev/null)"})
  _describe -t containers 'container' containers
}

_bunc_signals() {
  local -a signals
  signals=(${SIGNALS.join(" ")})
  _describe -t signals 'signal' signals
}

_bunc_verbs() {
  local -a verbs
  verbs=(
${verbs.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`).join("\n")}
    'help:show help for a command'
  )
  _describe -t commands 'command' verbs
}

_bunc() {
  local curcontext=$curcontext state line bunc=$words[1]
  local -a root
  typeset -A opt_args
  _arguments -C \\
${flags.map((flag) => `    ${flagSpecs(flag)} \\`).join("\n")}
    '1: :_bunc_verbs' \\
    '*:: :->arguments'
  [[ $state == arguments ]] || return
  [[ -z $opt_args[--root] ]] || root=(--root $opt_args[--root])
  case $line[1] in
${verbs.map(verbBranch).join("\n")}
    help) _bunc_verbs ;;
  esac
}

_bunc "$@"
`;
}

function verbBranch({ name, flags, arguments: list }: Verb): string {
  const values = list.map((value, index) => `'${index + 1}: :${action(value)}'`);
  const specs = [...flags.map(flagSpecs), ...values].map((spec) => `        ${spec}`);
  return `    ${name})\n      _arguments \\\n${specs.join(" \\\n")}\n      ;;`;
}

function flagSpecs({ long, short, description, value }: Flag): string {
  const text = description.replaceAll(/[[\]:]/g, "\\$&");
  const argument = value === undefined ? "" : `:value:${action(value)}`;
  const repeated = description.includes("(repeatable)") ? "*" : "";
  const spec = (name: string, equals: string) =>
    quoted(`${repeated}${name}${value === undefined ? "" : equals}[${text}]${argument}`);
  return [spec(long, "="), ...(short === "" ? [] : [spec(short, "")])].join(" ");
}

function action({ kind, words }: Value): string {
  switch (kind) {
    case "words":
      return `(${words.join(" ")})`;
    case "file":
      return words.length === 0 ? "_files" : `{_files || compadd ${words.join(" ")}}`;
    case "directory":
      return "_files -/";
    case "container":
      return "_bunc_containers";
    case "signal":
      return "_bunc_signals";
    case "program":
    case "other":
      return "";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
