/** Commands that only look: state, list, ps, events, features, doctor. */

import { Command } from "@commander-js/extra-typings";
import { flag, text } from "./flag.ts";
import { CONTAINER_ID } from "./process-flags.ts";
import { oneOf, parsePositiveDuration } from "./values.ts";

export function stateCommand() {
  return new Command("state")
    .summary("output the state of a container")
    .description("Prints the state of a container as JSON, in the form of the OCI runtime specification.")
    .argument("<container-id>", CONTAINER_ID);
}

const outputFormatFlag = () =>
  flag(
    "-f, --format <format>",
    "table or json",
    text(oneOf("invalid format option", "table", "json")),
  ).default("table" as const);

export function listCommand() {
  return new Command("list")
    .summary("list the containers of a state directory")
    .description("Lists the containers whose state is in the directory given with the global flag --root.")
    .addOption(outputFormatFlag())
    .option("-q, --quiet", "print the ids only", false);
}

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

export function eventsCommand() {
  return new Command("events")
    .summary("display resource statistics and out-of-memory events of a container")
    .description(
      "Prints one JSON object a line: the container's statistics at every interval, and OOM events.",
    )
    .argument("<container-id>", CONTAINER_ID)
    .addOption(
      flag("--interval <duration>", "time between two readings", parsePositiveDuration).default(5000, "5s"),
    )
    .option("--stats", "print the statistics once and exit", false);
}

export function featuresCommand() {
  return new Command("features")
    .summary("show the features of this runtime on this host")
    .description("Prints the features structure of the OCI runtime specification as JSON.");
}

export function doctorCommand() {
  return new Command("doctor")
    .summary("show what this host offers a container runtime")
    .description(
      "Checks kernel features, cgroups, security modules, user namespaces and helper programs, and says\n" +
        "what does not work without each and how to get it. With --engine it reads that engine's configuration\n" +
        "instead, and says what is missing for the engine to use bunc. The exit status is 1 where something\n" +
        "is missing without which no container runs.",
    )
    .option(
      "--engine <engine>",
      "look at the configuration of docker, containerd or podman",
      text(oneOf("unknown engine", "docker", "containerd", "podman")),
    )
    .option("--json", "print the findings as JSON", false);
}
