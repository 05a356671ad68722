import { Command } from "@commander-js/extra-typings";
import { bundleFlag, preserveFdsFlag } from "./process-flags.ts";

export function explainCommand() {
  return new Command("explain")
    .summary("show what create would do, without doing it")
    .description(
      "Prints every operation that the create command would do for the bundle, in order, each with the\n" +
        "path in config.json that asks for it. Nothing is changed.",
    )
    .argument("[container-id]", "the name the container would have (default: the bundle's name)")
    .addOption(bundleFlag())
    .option("--json", "print the plan as JSON", false)
    .option("--no-pivot", "as for create")
    .option("--no-new-keyring", "as for create")
    .addOption(preserveFdsFlag());
}
