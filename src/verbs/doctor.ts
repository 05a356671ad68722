import { Command } from "@commander-js/extra-typings";

export function doctorCommand() {
  return new Command("doctor")
    .summary("show what this host offers a container runtime")
    .description(
      "Checks kernel features, cgroups, security modules, user namespaces and helper programs, and says\n" +
        "what does not work without each and how to get it.",
    )
    .option("--json", "print the findings as JSON", false);
}
