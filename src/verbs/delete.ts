import { Command } from "@commander-js/extra-typings";
import { CONTAINER_ID } from "./process-flags.ts";

export function deleteCommand() {
  return new Command("delete")
    .summary("delete any resources held by a container")
    .description(
      "Removes what is left of a stopped or created container: its cgroups and its state. The bundle is\n" +
        "not touched. A container that is being created is refused; with --force its creation is ended, with a\n" +
        "hook that it waits for, and the command that was creating it fails.",
    )
    .argument("<container-id>", CONTAINER_ID)
    .option("-f, --force", "kill the container first (SIGKILL); an unknown container is not an error", false);
}
