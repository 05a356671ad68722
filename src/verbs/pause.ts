import { Command } from "@commander-js/extra-typings";
import { CONTAINER_ID } from "./process-flags.ts";

export function pauseCommand() {
  return new Command("pause")
    .summary("suspend all processes of a container")
    .description("Freezes every process in the container's cgroup until the resume command.")
    .argument("<container-id>", CONTAINER_ID);
}
