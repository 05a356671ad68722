import { Command } from "@commander-js/extra-typings";
import { anyText, list, text } from "./flag.ts";
import { parseEnvironmentVariable, parseUser } from "./names.ts";
import { parseFileOrStdin } from "./paths.ts";
import { bundleFlag } from "./process-flags.ts";
import { integerFrom, parseSize } from "./values.ts";

/** Values that the command reads by itself (src/spec/values.ts), so that other commands do without their parsers. */
const words = list(anyText);

export function specCommand() {
  return new Command("spec")
    .summary("create a new specification file")
    .description(
      "Writes a config.json to start from: a container that runs sh on a terminal in the directory\n" +
        "rootfs. If there is a config.json already, it is kept, and the command fails. The flags change what is written, or\n" +
        "what stands in the file of --from; what would not be accepted is not written.\n\n" +
        "A mount is a list of type=, source=, destination=, options= (separated by colons), option= (one, as\n" +
        "it is), and ro or another option by itself; a field with a comma stands in double quotes. What is\n" +
        "mounted at the same place already is replaced. A hook is a list of kind=, path=, arg=, env=, timeout=.\n\n" +
        "EXAMPLE:\n" +
        "    mkdir -p bundle/rootfs && cd bundle\n" +
        "    docker export $(docker create busybox) | tar -C rootfs -xf -\n" +
        "    bunc spec --no-terminal --args echo --args hello --memory 64m --network host \\\n" +
        "        --mount type=bind,source=/srv,destination=/srv,ro\n" +
        "    bunc run my-container",
    )
    .argument("[output]", "- for standard output (default: config.json in the bundle directory)")
    .addOption(bundleFlag())
    .option("--rootless", "for a container of an ordinary user", false)
    .option("--schema", "print the JSON Schema of config.json instead, for editors", false)
    .option("--from <file>", "change this config.json; - for standard input", text(parseFileOrStdin))
    .option("--args <word>", "the program, and each of its arguments (repeatable)", words, [])
    .option(
      "-e, --env <name=value>",
      "set an environment variable (repeatable)",
      list(parseEnvironmentVariable),
      [],
    )
    .option("--cwd <directory>", "working directory in the container", anyText)
    .option("-u, --user <uid[:gid]>", "numeric user id and group id", text(parseUser))
    .option("--terminal", "give the process a terminal")
    .option("--no-terminal", "give the process no terminal")
    .option("--hostname <name>", "host name in the container; empty for none", anyText)
    .option("--rootfs <directory>", "root file system, from the bundle directory or absolute", anyText)
    .option("--readonly", "make the root file system read-only")
    .option("--no-readonly", "make the root file system writable")
    .option(
      "--mount <fields>",
      "add a mount: type=…,source=…,destination=…,options=… (repeatable)",
      words,
      [],
    )
    .option(
      "--tmpfs <directory[:options]>",
      "add a tmpfs, by default nosuid, nodev and noexec (repeatable)",
      words,
      [],
    )
    .option("--cap-add <capability>", "add a capability, or ALL (repeatable)", words, [])
    .option("--cap-drop <capability>", "drop a capability, or ALL (repeatable)", words, [])
    .option("--memory <size>", "memory limit; -1 for none", text(parseSize))
    .option("--cpus <number>", "limit of CPUs, such as 1.5", anyText)
    .option(
      "--pids-limit <count>",
      "limit of processes and threads; -1 for none",
      integerFrom(-1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--device <device>",
      "add a device: path[:path in the container][:rwm], or type:major:minor:path[:rwm] (repeatable)",
      words,
      [],
    )
    .option(
      "--sysctl <name=value>",
      "set a kernel parameter of the container's namespaces (repeatable)",
      words,
      [],
    )
    .option("--annotation <name=value>", "set an annotation (repeatable)", words, [])
    .option("--hook <fields>", "add a hook: kind=…,path=…,arg=…,env=…,timeout=… (repeatable)", words, [])
    .option("--seccomp <file>", "seccomp profile (linux.seccomp as JSON), or default, or none", anyText)
    .option(
      "--userns <namespace>",
      "user namespace: host, a path, or container:host:size,… for a new one",
      anyText,
    )
    .option("--network <namespace>", "network namespace: host, none for a new one, or a path", anyText);
}
