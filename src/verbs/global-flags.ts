/** The flags that stand before the verb, and may also follow it. */

import { Command } from "@commander-js/extra-typings";
import { LOG_LEVELS } from "../log/log.ts";
import { anyText, givenTextFlag, textFlag } from "./flag.ts";
import { parsePath, parseRoot } from "./paths.ts";
import { oneOf, parseBooleanOrAuto } from "./values.ts";

/** The flags alone, as a commander Command without verbs. */
export function globalCommand() {
  return new Command("bunc")
    .option("--debug", "log every step that is done, with the time it took", false)
    .addOption(textFlag("--log <file>", "append log records to this file, not to standard error", parsePath))
    .addOption(
      textFlag(
        "--log-format <format>",
        "format of log records: text or json",
        oneOf("invalid log-format", "text", "json"),
      ).default("text" as const),
    )
    .addOption(
      textFlag("--log-level <level>", `least severe level that is logged: ${LOG_LEVELS.join(", ")}`, (text) =>
        oneOf("unknown log level", ...LOG_LEVELS)(text === "warn" ? "warning" : text),
      ),
    )
    .addOption(
      givenTextFlag(
        "--root <directory>",
        "directory for the state of containers, on a tmpfs (default: /run/runc, or $XDG_RUNTIME_DIR/runc when rootless)",
        parseRoot,
      ),
    )
    .option("--systemd-cgroup", "make cgroups through systemd; cgroupsPath is slice:prefix:name", false)
    .addOption(
      textFlag(
        "--cgroup-manager <manager>",
        "who makes cgroups: cgroupfs, systemd, or disabled for none",
        oneOf("invalid cgroup-manager", "cgroupfs", "systemd", "disabled"),
      ),
    )
    .addOption(
      givenTextFlag(
        "--rootless <value>",
        "tolerate missing permission for cgroups: true, false or auto",
        parseBooleanOrAuto,
      ).default("auto" as const),
    )
    .addOption(textFlag("--criu <path>", "ignored, for old callers", anyText).hideHelp());
}

/** The values of a parsed globalCommand(). --cgroup-manager, being the more exact one, beats --systemd-cgroup. */
export function globalOptions(command: ReturnType<typeof globalCommand>) {
  const { cgroupManager, systemdCgroup, ...values } = command.opts();
  return { ...values, cgroupManager: cgroupManager ?? (systemdCgroup ? "systemd" : "cgroupfs") };
}

/** Paths are absolute; undefined: not given. */
export type GlobalOptions = ReturnType<typeof globalOptions>;
