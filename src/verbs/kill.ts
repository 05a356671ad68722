import { Command } from "@commander-js/extra-typings";
import { CONTAINER_ID } from "./process-flags.ts";

export function killCommand() {
  return new Command("kill")
    .summary("send a signal (default: SIGTERM) to the container's init process")
    .description(
      "The signal is a name with or without SIG, in any case, or a number. In a container that shares\n" +
        "the pid namespace of others, SIGKILL goes to every process of its cgroup.\n\n" +
        "EXAMPLE:\n" +
        "    bunc kill ubuntu01 KILL",
    )
    .argument("<container-id>", CONTAINER_ID)
    .argument("[signal]", "the signal's name or number")
    .option("-a, --all", "signal every process of the container; a stopped container is not an error", false);
}
