import { Command } from "@commander-js/extra-typings";
import { textFlag } from "./flag.ts";
import { oneOf } from "./values.ts";

export const outputFormatFlag = () =>
  textFlag("-f, --format <format>", "table or json", oneOf("invalid format option", "table", "json")).default(
    "table" as const,
  );

export function listCommand() {
  return new Command("list")
    .summary("list the containers of a state directory")
    .description("Lists the containers whose state is in the directory given with the global flag --root.")
    .addOption(outputFormatFlag())
    .option("-q, --quiet", "print the ids only", false);
}
