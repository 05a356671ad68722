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

export function runCommand() {
  return new Command("run")
    .summary("create and run a container")
    .description(
      "Makes the container that the bundle describes, starts it, waits for its process and deletes it.\n" +
        "The exit status is that of the process, or 128 plus the number of the signal that ended it.",
    )
    .argument("<container-id>", CONTAINER_ID_NEW)
    .addOption(bundleFlag())
    .addOption(consoleSocketFlag())
    .addOption(pidfdSocketFlag())
    .option("-d, --detach", "return once the process runs", false)
    .option("--keep", "do not delete the container after its process has ended", false)
    .addOption(pidFileFlag())
    .option("--no-subreaper", "do not adopt orphaned processes of the container")
    .option("--no-pivot", NO_PIVOT)
    .option("--no-new-keyring", NO_NEW_KEYRING)
    .addOption(preserveFdsFlag());
}
