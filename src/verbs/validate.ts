import { Command } from "@commander-js/extra-typings";
import { text } from "./flag.ts";
import { oneOf } from "./values.ts";

const DOCUMENT_KINDS = ["config", "process", "resources", "seccomp"] as const;

export function validateCommand() {
  return new Command("validate")
    .summary("check a specification file, and show where each mistake is")
    .description(
      "Reads a config.json as create would read it, and prints every error and every warning with its line,\n" +
        "column and path. What depends on the machine is not checked (see explain), so no privileges are\n" +
        "needed. The exit status is 0 if create would accept the file, 1 otherwise.\n\n" +
        "EXAMPLE:\n" +
        "    bunc validate bundle/config.json\n" +
        "    bunc validate --json --kind process - < process.json",
    )
    .argument("[file]", "the file, or its bundle directory, or - for standard input (default: config.json)")
    .option(
      "--kind <kind>",
      `what the file holds: ${DOCUMENT_KINDS.join(", ")} (default: config)`,
      text(oneOf("unknown kind", ...DOCUMENT_KINDS)),
    )
    .option("--json", "print the findings as JSON", false);
}
