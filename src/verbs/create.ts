import { Command } from "@commander-js/extra-typings";
import {
  bundleFlag,
  CONTAINER_ID_NEW,
  consoleSocketFlag,
  NO_NEW_KEYRING,
  NO_PIVOT,
  pidFileFlag,
  pidfdSocketFlag,
  preserveFdsFlag,
} from "./process-flags.ts";

export function createCommand() {
  return new Command("create")
    .summary("create a container")
    .description(
      "Makes the container that the bundle describes. Its process is set up completely and then waits\n" +
        "for the start command. A bundle is a directory with a config.json (see the spec command) and a\n" +
        "root file system.",
    )
    .argument("<container-id>", CONTAINER_ID_NEW)
    .addOption(bundleFlag())
    .addOption(consoleSocketFlag())
    .addOption(pidfdSocketFlag())
    .addOption(pidFileFlag())
    .option("--no-pivot", NO_PIVOT)
    .option("--no-new-keyring", NO_NEW_KEYRING)
    .addOption(preserveFdsFlag());
}
