/** Commands that make, change and end containers: create, run, start, kill, delete, pause, resume, mounts. */

import { Command } from "@commander-js/extra-typings";
import {
  bundleFlag,
  CONTAINER_ID,
  CONTAINER_ID_NEW,
  consoleSocketFlag,
  NO_NEW_KEYRING,
  NO_PIVOT,
  pidFileFlag,
  pidfdSocketFlag,
  preserveFdsFlag,
} from "./process-flags.ts";

export function createCommand() {
  return new Command("create")
    .summary("create a container")
    .description(
      "Makes the container that the bundle describes. Its process is set up completely and then waits\n" +
        "for the start command. A bundle is a directory with a config.json (see the spec command) and a\n" +
        "root file system.",
    )
    .argument("<container-id>", CONTAINER_ID_NEW)
    .addOption(bundleFlag())
    .addOption(consoleSocketFlag())
    .addOption(pidfdSocketFlag())
    .addOption(pidFileFlag())
    .option("--no-pivot", NO_PIVOT)
    .option("--no-new-keyring", NO_NEW_KEYRING)
    .addOption(preserveFdsFlag());
}

export function runCommand() {
  return new Command("run")
    .summary("create and run a container")
    .description(
      "Makes the container that the bundle describes, starts it, waits for its process and deletes it.\n" +
        "The exit status is that of the process, or 128 plus the number of the signal that ended it.",
    )
    .argument("<container-id>", CONTAINER_ID_NEW)
    .addOption(bundleFlag())
    .addOption(consoleSocketFlag())
    .addOption(pidfdSocketFlag())
    .option("-d, --detach", "return once the process runs", false)
    .option("--keep", "do not delete the container after its process has ended", false)
    .addOption(pidFileFlag())
    .option("--no-subreaper", "do not adopt orphaned processes of the container")
    .option("--no-pivot", NO_PIVOT)
    .option("--no-new-keyring", NO_NEW_KEYRING)
    .addOption(preserveFdsFlag());
}

export function startCommand() {
  return new Command("start")
    .summary("start the process of a created container")
    .description("Lets the process of a container made by the create command execute its program.")
    .argument("<container-id>", CONTAINER_ID);
}

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

export function deleteCommand() {
  return new Command("delete")
    .summary("delete any resources held by a container")
    .description(
      "Removes what is left of a stopped or created container: its cgroups and its state. The bundle is\n" +
        "not touched. A container that is being created is refused; with --force its creation is ended, with a\n" +
        "hook that it waits for, and the command that was creating it fails. Another command that works on the\n" +
        "container for longer than 10 s is ended too, with what it has started.",
    )
    .argument("<container-id>", CONTAINER_ID)
    .option("-f, --force", "kill the container first (SIGKILL); an unknown container is not an error", false);
}

export function pauseCommand() {
  return new Command("pause")
    .summary("suspend all processes of a container")
    .description("Freezes every process in the container's cgroup until the resume command.")
    .argument("<container-id>", CONTAINER_ID);
}

export function resumeCommand() {
  return new Command("resume")
    .summary("resume all processes of a paused container")
    .description("Lets the processes that the pause command has frozen run again.")
    .argument("<container-id>", CONTAINER_ID);
}

export function mountsCommand() {
  return new Command("mounts")
    .summary("add mounts to a running container, or remove them")
    .description(
      "The file holds a JSON array of mounts, in the form of mounts of config.json, or an object with that\n" +
        "member. Sources are paths of the host. To remove mounts their destinations are enough; what is\n" +
        "mounted below them goes too.",
    )
    .argument("<add|remove>", "what to do")
    .argument("<container-id>", CONTAINER_ID)
    .argument("<file>", "the file with the mounts; - for standard input");
}
