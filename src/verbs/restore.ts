import { Command } from "@commander-js/extra-typings";
import { emptyNamespaceFlag, imagePathFlag, manageCgroupsModeFlag, workPathFlag } from "./criu-flags.ts";
import { anyText, textFlag } from "./flag.ts";
import { bundleFlag, CONTAINER_ID_NEW, consoleSocketFlag, NO_PIVOT, pidFileFlag } from "./process-flags.ts";

export function restoreCommand() {
  return new Command("restore")
    .summary("restore a container from a checkpoint")
    .description("Makes a container from its bundle and the state that the checkpoint command has saved.")
    .argument("<container-id>", CONTAINER_ID_NEW)
    .addOption(consoleSocketFlag())
    .addOption(imagePathFlag())
    .addOption(workPathFlag())
    .option("--tcp-established", "allow open TCP connections", false)
    .option("--ext-unix-sk", "allow external UNIX sockets", false)
    .option("--shell-job", "allow shell jobs", false)
    .option("--file-locks", "handle file locks", false)
    .addOption(manageCgroupsModeFlag())
    .addOption(bundleFlag())
    .option("-d, --detach", "return once the container runs", false)
    .addOption(pidFileFlag())
    .option("--no-subreaper", "do not adopt orphaned processes of the container")
    .option("--no-pivot", NO_PIVOT)
    .addOption(emptyNamespaceFlag())
    .option("--auto-dedup", "drop pages from earlier images that are saved again", false)
    .option("--lazy-pages", "load memory pages on demand (userfaultfd)", false)
    .addOption(textFlag("--lsm-profile <type:name>", "security profile to restore with", anyText))
    .addOption(textFlag("--lsm-mount-context <context>", "security context for mounts", anyText));
}
