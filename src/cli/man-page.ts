/**
 * The man pages in docs/man, written from the same tables as --help: `bun src/cli/man-page.ts` rewrites
 * them, and man-page.test.ts fails when they are stale. Markdown for go-md2man or pandoc.
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { globalCommand } from "../verbs/global-flags.ts";
import { type VerbName, verbs } from "../verbs/verbs.ts";
import { argumentUsage, optionRows, ROOT_SUMMARY } from "./help.ts";

const ROOT_DESCRIPTION = `bunc runs applications that are packaged according to the Open Container Initiative (OCI) format. Its
command line, output, exit statuses and error texts are those of **runc**(8) 1.5, so that Docker,
containerd, Podman, CRI-O, BuildKit and Kubernetes can use it in runc's place.

A container is described by a bundle: a directory with a specification file _config.json_ and a root file
system. **bunc-spec**(8) makes a specification to start from.

Flags can be written with one dash or two, and their value after a space or an equals sign: **--log** _file_,
**-log=**_file_, **--debug=false**. They may stand before and after arguments, except that the flags of
**exec**, **kill** and **ps** end at the container id. The global options may also follow the command.`;

const ROOT_SECTIONS = `# LOGGING
A command that fails writes exactly one record of level _error_ to the log. With **--log-format json** it is
one line of JSON with the keys _level_, _msg_ and _time_, and as far as they are known _step_ (what was being
done), _path_, _subject_ (the place in _config.json_ that asked for it), _errno_, _detail_ (what the kernel
said), _hint_ (what to do), _config_errors_ (every mistake of the configuration: _path_, _found_, _accepted_; of text
that is not JSON its _line_ and _column_) and _warnings_ (what did not stop the command: _message_, _path_, _found_). In the other formats, and when nothing fails, a
warning is a record of its own, with _subject_ and _found_; the log file of a JSON log gets it with **--log-level** only.
A terminal also shows the line that is not JSON, with a caret below the place.
When **--log** names a file, the message is also printed to standard error. A failure to write the log does not
change the exit status.


When a signal ends the process of **run** or **exec** in the foreground, and the kernel tells why (memory that ran out,
or a system call that its seccomp profile does not allow), a record of level _warning_ says so in the log file and on a
terminal, and nowhere else.

# EXIT STATUS
**0** on success, **1** on failure, **3** for an unknown command. **run** and **exec** exit with the status of
the container's process, or 128 plus the number of the signal that ended it; **exec** exits with **255** when
the process could not be started.

# ENVIRONMENT
**XDG_RUNTIME_DIR**
: Holds the state directory _runc_ of containers that are not root's.

**NOTIFY_SOCKET**
: The socket of **sd_notify**(3); the container's process gets one of its own.

**LISTEN_FDS**
: The number of file descriptors of **sd_listen_fds**(3), which are passed on to the container's process.`;

/** File name → content of every page. */
export function manPages(): Map<string, string> {
  const pages = new Map([["bunc.8.md", rootPage()]]);
  for (const name of Object.keys(verbs) as VerbName[])
    pages.set(`bunc-${name}.8.md`, verbPage(verbs[name]()));
  return pages;
}

function rootPage(): string {
  const names = Object.keys(verbs) as VerbName[];
  const commands = names.map((name) =>
    definition(name, `${verbs[name]().summary()}. See **bunc-${name}**(8).`),
  );
  return page(
    "bunc",
    ROOT_SUMMARY,
    "**bunc** [_global-option_ ...] _command_ [_command-option_ ...] [_argument_ ...]",
    [
      `# DESCRIPTION\n${ROOT_DESCRIPTION}`,
      `# COMMANDS\n${commands.join("\n\n")}`,
      `# GLOBAL OPTIONS\n${options(optionRows(globalCommand().options))}`,
      ROOT_SECTIONS,
      `# SEE ALSO\n${names.map((name) => `**bunc-${name}**(8)`).join(",\n")}`,
    ],
  );
}

function verbPage(command: CommandUnknownOpts): string {
  const name = command.name();
  const synopsis = [
    `**bunc ${name}**`,
    "[_option_ ...]",
    ...command.registeredArguments.map((a) => `_${argumentUsage(a)}_`),
  ];
  const args = command.registeredArguments.map((a) => definition(a.name(), `${a.description}.`));
  return page(`bunc-${name}`, command.summary(), synopsis.join(" ").replaceAll(/[<>]/g, ""), [
    `# DESCRIPTION\n${command.description().replaceAll("EXAMPLE:\n", "EXAMPLE:\n\n")}`,
    ...(args.length === 0 ? [] : [`# ARGUMENTS\n${args.join("\n\n")}`]),
    `# OPTIONS\n${options(optionRows(command.options))}`,
    "# SEE ALSO\n**bunc**(8)",
  ]);
}

function page(name: string, summary: string, synopsis: string, sections: readonly string[]): string {
  return [`% ${name} "8"`, `# NAME\n**${name}** - ${summary}`, `# SYNOPSIS\n${synopsis}`, ...sections, ""]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}

function options(rows: readonly (readonly [flags: string, text: string])[]): string {
  return [...rows, ["-h, --help", "show help"] as const]
    .map(([flags, text]) => definition(flags, `${text}.`))
    .join("\n\n");
}

/** `-b, --bundle <directory>` → `**-b**, **--bundle** _directory_`; a bare word is set in bold. */
function definition(term: string, text: string): string {
  const [, flags = term, value] = /^(.*?)(?: <(.*)>)?$/.exec(term) ?? [];
  const bold = flags
    .split(", ")
    .map((flag) => `**${flag}**`)
    .join(", ");
  return `${bold}${value === undefined ? "" : ` _${value}_`}\n: ${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

if (import.meta.main) {
  const directory = new URL("../../docs/man/", import.meta.url);
  for (const [file, content] of manPages()) await Bun.write(new URL(file, directory), content);
}
