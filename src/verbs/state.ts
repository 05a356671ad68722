import { Command } from "@commander-js/extra-typings";
import { CONTAINER_ID } from "./process-flags.ts";

export function stateCommand() {
  return new Command("state")
    .summary("output the state of a container")
    .description("Prints the state of a container as JSON, in the form of the OCI runtime specification.")
    .argument("<container-id>", CONTAINER_ID);
}
