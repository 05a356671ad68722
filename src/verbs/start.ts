import { Command } from "@commander-js/extra-typings";
import { CONTAINER_ID } from "./process-flags.ts";

export function startCommand() {
  return new Command("start")
    .summary("start the process of a created container")
    .description("Lets the process of a container made by the create command execute its program.")
    .argument("<container-id>", CONTAINER_ID);
}
