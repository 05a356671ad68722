import { Command } from "@commander-js/extra-typings";
import { anyText, givenTextFlag, listFlag, textFlag, valueFlag } from "./flag.ts";
import { parseEnvironmentVariable, parseUser } from "./names.ts";
import { parseFileOrStdin } from "./paths.ts";
import { bundleFlag } from "./process-flags.ts";
import { integerFrom, parseSize } from "./values.ts";

/** A value that the command reads by itself (src/spec/values.ts), so that other commands do without its parser. */
const value = <const Flags extends string>(flags: Flags, description: string) =>
  givenTextFlag(flags, description, anyText);
const values = <const Flags extends string>(flags: Flags, description: string) =>
  listFlag(flags, `${description} (repeatable)`, anyText);

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
    .addOption(textFlag("--from <file>", "change this config.json; - for standard input", parseFileOrStdin))
    .addOption(values("--args <word>", "the program, and each of its arguments"))
    .addOption(
      listFlag(
        "-e, --env <name=value>",
        "set an environment variable (repeatable)",
        parseEnvironmentVariable,
      ),
    )
    .addOption(value("--cwd <directory>", "working directory in the container"))
    .addOption(textFlag("-u, --user <uid[:gid]>", "numeric user id and group id", parseUser))
    .option("--terminal", "give the process a terminal")
    .option("--no-terminal", "give the process no terminal")
    .addOption(value("--hostname <name>", "host name in the container; empty for none"))
    .addOption(value("--rootfs <directory>", "root file system, from the bundle directory or absolute"))
    .option("--readonly", "make the root file system read-only")
    .option("--no-readonly", "make the root file system writable")
    .addOption(values("--mount <fields>", "add a mount: type=…,source=…,destination=…,options=…"))
    .addOption(values("--tmpfs <directory[:options]>", "add a tmpfs, by default nosuid, nodev and noexec"))
    .addOption(values("--cap-add <capability>", "add a capability, or ALL"))
    .addOption(values("--cap-drop <capability>", "drop a capability, or ALL"))
    .addOption(textFlag("--memory <size>", "memory limit; -1 for none", parseSize))
    .addOption(value("--cpus <number>", "limit of CPUs, such as 1.5"))
    .addOption(
      valueFlag(
        "--pids-limit <count>",
        "limit of processes and threads; -1 for none",
        integerFrom(-1, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(
      values(
        "--device <device>",
        "add a device: path[:path in the container][:rwm], or type:major:minor:path[:rwm]",
      ),
    )
    .addOption(values("--sysctl <name=value>", "set a kernel parameter of the container's namespaces"))
    .addOption(values("--annotation <name=value>", "set an annotation"))
    .addOption(values("--hook <fields>", "add a hook: kind=…,path=…,arg=…,env=…,timeout=…"))
    .addOption(value("--seccomp <file>", "seccomp profile (linux.seccomp as JSON), or default, or none"))
    .addOption(
      value("--userns <namespace>", "user namespace: host, a path, or container:host:size,… for a new one"),
    )
    .addOption(value("--network <namespace>", "network namespace: host, none for a new one, or a path"));
}
