import { Command } from "@commander-js/extra-typings";
import { anyText, list, text } from "./flag.ts";
import { parseAdditionalGid, parseCapability, parseEnvironmentVariable, parseUser } from "./names.ts";
import { parsePath } from "./paths.ts";
import {
  CONTAINER_ID,
  consoleSocketFlag,
  pidFileFlag,
  pidfdSocketFlag,
  preserveFdsFlag,
} from "./process-flags.ts";

export function execCommand() {
  return new Command("exec")
    .summary("execute a new process inside a container")
    .description(
      "Runs a further process in a running container. It starts from the process of config.json, changed\n" +
        "by the flags, or from a file with a complete process object (--process). Flags of bunc itself\n" +
        "stand before the container id. The exit status is that of the process, 128 plus the number of the\n" +
        "signal that ended it, or 255 when it could not be started.\n\n" +
        "EXAMPLE:\n" +
        "    bunc exec my-container ps -ef",
    )
    .argument("<container-id>", CONTAINER_ID)
    .argument("[command...]", "the program and its arguments; none with --process")
    .addOption(consoleSocketFlag())
    .addOption(pidfdSocketFlag())
    .option("--cwd <directory>", "working directory in the container", text(anyText))
    .option(
      "-e, --env <name=value>",
      "add an environment variable (repeatable)",
      list(parseEnvironmentVariable),
      [],
    )
    .option("-t, --tty", "allocate a terminal", false)
    .option("-u, --user <uid[:gid]>", "numeric user id and group id", text(parseUser))
    .option(
      "-g, --additional-gids <gid>",
      "add a supplementary group id (repeatable)",
      list(parseAdditionalGid),
      [],
    )
    .option("-p, --process <file>", "JSON file with the process object", text(parsePath))
    .option("-d, --detach", "return once the process runs", false)
    .addOption(pidFileFlag())
    .option("--process-label <label>", "SELinux label of the process", text(anyText))
    .option("--apparmor <profile>", "AppArmor profile of the process", text(anyText))
    .option("--no-new-privs", "set no_new_privs for the process (=false: do not)")
    .option("--new-privs", "the opposite of --no-new-privs")
    .option(
      "-c, --cap <capability>",
      "add a capability of the process (repeatable)",
      list(parseCapability),
      [],
    )
    .addOption(preserveFdsFlag())
    .option(
      "--cgroup <[controller:]path>",
      "run in this existing sub-cgroup (repeatable on v1)",
      list(anyText),
      [],
    )
    .option("--ignore-paused", "allow a paused container; the process runs after resume", false);
}
