import { Command } from "@commander-js/extra-typings";
import { bundleFlag } from "./process-flags.ts";

export function specCommand() {
  return new Command("spec")
    .summary("create a new specification file")
    .description(
      "Writes a config.json to start from: a container that runs sh on a terminal in the directory\n" +
        "rootfs. An existing config.json is left alone and is an error.\n\n" +
        "EXAMPLE:\n" +
        "    mkdir -p bundle/rootfs && cd bundle\n" +
        "    docker export $(docker create busybox) | tar -C rootfs -xf -\n" +
        "    bunc spec\n" +
        "    bunc run my-container",
    )
    .addOption(bundleFlag())
    .option("--rootless", "for a container of an ordinary user", false);
}
