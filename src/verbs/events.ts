import { Command } from "@commander-js/extra-typings";
import { valueFlag } from "./flag.ts";
import { CONTAINER_ID } from "./process-flags.ts";
import { parsePositiveDuration } from "./values.ts";

export function eventsCommand() {
  return new Command("events")
    .summary("display resource statistics and out-of-memory events of a container")
    .description(
      "Prints one JSON object a line: the container's statistics at every interval, and OOM events.",
    )
    .argument("<container-id>", CONTAINER_ID)
    .addOption(
      valueFlag("--interval <duration>", "time between two readings", parsePositiveDuration).default(
        5000,
        "5s",
      ),
    )
    .option("--stats", "print the statistics once and exit", false);
}
