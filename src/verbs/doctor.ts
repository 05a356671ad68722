import { Command } from "@commander-js/extra-typings";
import { textFlag } from "./flag.ts";
import { oneOf } from "./values.ts";

export function doctorCommand() {
  return new Command("doctor")
    .summary("show what this host offers a container runtime")
    .description(
      "Checks kernel features, cgroups, security modules, user namespaces and helper programs, and says\n" +
        "what does not work without each and how to get it. With --engine it reads that engine's configuration\n" +
        "instead, and says what is missing for the engine to use bunc. The exit status is 1 where something\n" +
        "is missing without which no container runs.",
    )
    .addOption(
      textFlag(
        "--engine <engine>",
        "look at the configuration of docker, containerd or podman",
        oneOf("unknown engine", "docker", "containerd", "podman"),
      ),
    )
    .option("--json", "print the findings as JSON", false);
}
