import { Command } from "@commander-js/extra-typings";
import { valueFlag } from "../flag.ts";
import { parseSyscalls } from "../syscalls.ts";
import { bundleFlag, preserveFdsFlag } from "./process-flags.ts";

export function explainCommand() {
  return new Command("explain")
    .summary("show what create would do, without doing it")
    .description(
      "Prints every operation that the create command would do for the bundle, in order, each with the\n" +
        "path in config.json that asks for it, and at the end what it would refuse or warn of. Nothing is changed.\n\n" +
        "With --seccomp it says instead what the seccomp profile answers for system calls of this machine's\n" +
        "architecture, and which rule says so: all, mount, 165, mount,umount2, or with arguments socket(16).",
    )
    .argument("[container-id]", "the name the container would have (default: the bundle's name)")
    .addOption(bundleFlag())
    .option("--json", "print JSON: plan, operations, problems and warnings", false)
    .addOption(
      valueFlag("--seccomp <calls>", "explain the seccomp profile for these system calls", parseSyscalls),
    )
    .option("--no-pivot", "as for create")
    .option("--no-new-keyring", "as for create")
    .addOption(preserveFdsFlag());
}
