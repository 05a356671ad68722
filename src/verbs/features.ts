import { Command } from "@commander-js/extra-typings";

export function featuresCommand() {
  return new Command("features")
    .summary("show the features of this runtime on this host")
    .description("Prints the features structure of the OCI runtime specification as JSON.");
}
