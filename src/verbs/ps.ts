import { Command } from "@commander-js/extra-typings";
import { outputFormatFlag } from "./list.ts";
import { CONTAINER_ID } from "./process-flags.ts";

export function psCommand() {
  return new Command("ps")
    .summary("display the processes of a container")
    .description(
      "Runs ps(1) with the given options (default: -ef) and shows the lines of the container's\n" +
        "processes, or prints their ids as JSON. Flags of bunc itself stand before the container id.",
    )
    .argument("<container-id>", CONTAINER_ID)
    .argument("[ps options...]", "options for ps(1)")
    .addOption(outputFormatFlag());
}
