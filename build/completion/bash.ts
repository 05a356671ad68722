/** Completion for bash, without the package bash-completion. */
import { type CommandLine, type Flag, SIGNALS, type Value, type Verb } from "./definition.ts";

export function bashCompletion({ flags, verbs }: CommandLine): string {
  return `# Completion of bunc for bash. Made by the build from bunc's own definition of its command line.

_bunc_containers() {
  "\${COMP_WORDS[0]}" "\${_bunc_root[@]}" list -q 2>/dev/null
}

# Flags of a verb, and global flags.
_bunc_flags() {
  case $1 in
${verbs.map((verb) => branch(verb.name, `printf '%s\\n' ${names(verb.flags)}`)).join("\n")}
    *) printf '%s\\n' ${names(flags)} ;;
  esac
}

# The values that a flag can have: @file, @directory, @other, or words. Empty if the flag takes none.
_bunc_value() {
  case $1 in
${verbs.flatMap((verb) => valueBranches(verb.name, verb.flags)).join("\n")}
  esac
  case $1 in
${valueBranches("*", flags).join("\n")}
  esac
}

# The values that an argument of a verb can have; arguments are counted from 0.
_bunc_argument() {
  case $1 in
${verbs.flatMap(argumentBranches).join("\n")}
  esac
}

_bunc_reply() {
  local cur=$1 word
  shift
  COMPREPLY=()
  for word; do
    case $word in
      @file) compopt -o filenames 2>/dev/null; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
      @directory) compopt -o filenames 2>/dev/null; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$cur") ;;
      @container) mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$(_bunc_containers)" -- "$cur") ;;
      @signal) mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "${SIGNALS.join(" ")}" -- "$cur") ;;
      @*) ;;
      *) [[ $word == "$cur"* ]] && COMPREPLY+=("$word") ;;
    esac
  done
}

_bunc() {
  local cur=\${COMP_WORDS[COMP_CWORD]} verb= count=0 flag= i word value
  local -a _bunc_root=() words=()
  # "--flag=value" comes in three words.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == = ]]; then continue; fi
    if [[ -n $flag ]]; then
      if [[ $flag == "* --root" || $flag == *" --root" ]]; then _bunc_root=(--root "$word"); fi
      flag=
    elif [[ $word == -?* ]]; then
      value=$(_bunc_value "\${verb:-*} -\${word#-}")
      [[ -n $value ]] && flag="\${verb:-*} $word"
    elif [[ -z $verb ]]; then
      verb=$word
    else
      count=$((count + 1))
    fi
  done
  [[ $cur == = ]] && cur=
  if [[ -n $flag ]]; then
    # shellcheck disable=SC2046
    _bunc_reply "$cur" $(_bunc_value "$flag")
  elif [[ $cur == -* ]]; then
    _bunc_reply "$cur" $(_bunc_flags "$verb")
  elif [[ -z $verb || $verb == help || $verb == h ]]; then
    _bunc_reply "$cur" ${verbs.map(({ name }) => name).join(" ")} help
  else
    _bunc_reply "$cur" $(_bunc_argument "$verb $count")
  fi
}

complete -F _bunc bunc
`;
}

const branch = (pattern: string, command: string) => `    ${pattern}) ${command} ;;`;

const names = (flags: readonly Flag[]) =>
  flags.flatMap(({ long, short }) => [long, ...(short === "" ? [] : [short])]).join(" ");

function valueBranches(verb: string, flags: readonly Flag[]): string[] {
  return flags
    .filter((flag) => flag.value !== undefined)
    .map(({ long, short, value }) => {
      const command = `echo '${text(value as Value)}'; return`;
      // Global flags may also follow the verb.
      const prefix = verb === "*" ? '*" ' : `"${verb} `;
      const patterns = [long, short].filter((name) => name !== "").map((name) => `${prefix}${name}"`);
      return branch(patterns.join(" | "), command);
    });
}

function argumentBranches({ name, arguments: list }: Verb): string[] {
  return list.map((value, index) => branch(`"${name} ${index}"`, `echo '${text(value)}'`));
}

function text({ kind, words }: Value): string {
  return kind === "words" || kind === "signal"
    ? kind === "signal"
      ? "@signal"
      : words.join(" ")
    : [...words, `@${kind}`].join(" ");
}
