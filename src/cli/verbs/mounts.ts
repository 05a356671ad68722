import { Command } from "@commander-js/extra-typings";
import { CONTAINER_ID } from "./process-flags.ts";

export function mountsCommand() {
  return new Command("mounts")
    .summary("add mounts to a running container, or remove them")
    .description("The file holds a JSON array of mounts, in the form of mounts of config.json.")
    .argument("<add|remove>", "what to do")
    .argument("<container-id>", CONTAINER_ID)
    .argument("<file>", "the file with the mounts; - for standard input");
}
