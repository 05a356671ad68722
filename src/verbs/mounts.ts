import { Command } from "@commander-js/extra-typings";
import { CONTAINER_ID } from "./process-flags.ts";

export function mountsCommand() {
  return new Command("mounts")
    .summary("add mounts to a running container, or remove them")
    .description(
      "The file holds a JSON array of mounts, in the form of mounts of config.json, or an object with that\n" +
        "member. Sources are paths of the host. To remove mounts their destinations are enough; what is\n" +
        "mounted below them goes too.",
    )
    .argument("<add|remove>", "what to do")
    .argument("<container-id>", CONTAINER_ID)
    .argument("<file>", "the file with the mounts; - for standard input");
}
