import { Command } from "@commander-js/extra-typings";
import {
  bundleFlag,
  CONTAINER_ID_NEW,
  consoleSocketFlag,
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
    .option("--no-pivot", "do not use pivot_root, for a root file system on a ramdisk (less isolation)")
    .option("--no-new-keyring", "let the container inherit the caller's session keyring")
    .addOption(preserveFdsFlag());
}
