/** The flags that stand before the verb, and may also follow it. */

import { Command } from "@commander-js/extra-typings";
import { LOG_LEVELS } from "../log/log.ts";
import { anyText, flag, text } from "./flag.ts";
import { parsePath, parseRoot } from "./paths.ts";
import { oneOf, parseBooleanOrAuto } from "./values.ts";

/** logrus takes both names of a warning. */
function parseLevel(word: string) {
  return oneOf("unknown log level", ...LOG_LEVELS)(word === "warn" ? "warning" : word);
}

/** The flags alone, as a commander Command without verbs. */
export function globalCommand() {
  return new Command("bunc")
    .option("--debug", "log every step that is done, with the time it took", false)
    .option("--log <file>", "append log records to this file, not to standard error", text(parsePath))
    .option(
      "--log-format <format>",
      "format of log records: text or json",
      text(oneOf("invalid log-format", "text", "json")),
      "text" as const,
    )
    .option(
      "--log-level <level>",
      `least severe level that is logged: ${LOG_LEVELS.join(", ")}`,
      text(parseLevel),
    )
    .option(
      "--root <directory>",
      "directory for the state of containers, on a tmpfs (default: /run/runc, or $XDG_RUNTIME_DIR/runc when rootless)",
      parseRoot,
    )
    .option("--systemd-cgroup", "make cgroups through systemd; cgroupsPath is slice:prefix:name", false)
    .option(
      "--cgroup-manager <manager>",
      "who makes cgroups: cgroupfs, systemd, or disabled for none",
      text(oneOf("invalid cgroup-manager", "cgroupfs", "systemd", "disabled")),
    )
    .option(
      "--rootless <value>",
      "tolerate missing permission for cgroups: true, false or auto",
      parseBooleanOrAuto,
      "auto" as const,
    )
    .addOption(flag("--criu <path>", "ignored, for old callers", text(anyText)).hideHelp());
}

/** The values of a parsed globalCommand(). --cgroup-manager, being the more exact one, beats --systemd-cgroup. */
export function globalOptions(command: ReturnType<typeof globalCommand>) {
  const { cgroupManager, systemdCgroup, ...values } = command.opts();
  return { ...values, cgroupManager: cgroupManager ?? (systemdCgroup ? "systemd" : "cgroupfs") };
}

/** Paths are absolute; undefined: not given. */
export type GlobalOptions = ReturnType<typeof globalOptions>;
