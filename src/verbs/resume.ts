import { Command } from "@commander-js/extra-typings";
import { CONTAINER_ID } from "./process-flags.ts";

export function resumeCommand() {
  return new Command("resume")
    .summary("resume all processes of a paused container")
    .description("Lets the processes that the pause command has frozen run again.")
    .argument("<container-id>", CONTAINER_ID);
}
