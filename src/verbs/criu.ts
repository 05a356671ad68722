/** The commands that need CRIU: checkpoint and restore. criu(8) explains the flags. */

import { Command } from "@commander-js/extra-typings";
import { anyText, flag, list, text } from "./flag.ts";
import { parsePath, parseRelativePath } from "./paths.ts";
import {
  bundleFlag,
  CONTAINER_ID,
  CONTAINER_ID_NEW,
  consoleSocketFlag,
  NO_PIVOT,
  pidFileFlag,
} from "./process-flags.ts";
import { integerFrom, oneOf, quote, ValueError } from "./values.ts";

/** Network is the only namespace that can be left empty. */
function parseEmptyNamespace(text: string): "network" {
  if (text !== "network") throw new ValueError(`namespace ${quote(text)} is not supported, only "network"`);
  return text;
}

const imagePathFlag = () =>
  flag("--image-path <directory>", "where CRIU's image files are (default: ./checkpoint)", text(parsePath));

const workPathFlag = () =>
  flag("--work-path <directory>", "where CRIU's log and work files go", text(parsePath));

const manageCgroupsModeFlag = () =>
  flag(
    "--manage-cgroups-mode <mode>",
    "soft, full, strict or ignore",
    text(oneOf("Invalid manage cgroups mode", "soft", "full", "strict", "ignore")),
  );

const EMPTY_NS = "make the namespace, but leave it empty (repeatable)";

interface PageServer {
  address: string;
  port: number;
}

/** `ADDRESS:PORT`, an IPv6 address in brackets. Throws ValueError with runc's texts. */
export function parsePageServer(text: string): PageServer {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([^:]+)$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  const port = match?.[3];
  if (address === undefined || port === undefined) {
    throw new ValueError("Use --page-server ADDRESS:PORT to specify page server");
  }
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new ValueError("Invalid port number");
  }
  return { address, port: Number(port) };
}

export function checkpointCommand() {
  return new Command("checkpoint")
    .summary("checkpoint a running container")
    .description("Saves the state of a running container with CRIU and stops it.")
    .argument("<container-id>", CONTAINER_ID)
    .addOption(imagePathFlag())
    .addOption(workPathFlag())
    .option(
      "--parent-path <directory>",
      "image files of an earlier pre-dump, below --image-path",
      text(parseRelativePath),
    )
    .option("--leave-running", "leave the container running", false)
    .option("--tcp-established", "allow open TCP connections", false)
    .option("--tcp-skip-in-flight", "skip TCP connections that are being opened", false)
    .option("--link-remap", "link unlinked files back where possible", false)
    .option("--ext-unix-sk", "allow external UNIX sockets", false)
    .option("--shell-job", "allow shell jobs", false)
    .option("--lazy-pages", "serve memory pages on demand (userfaultfd)", false)
    .option(
      "--status-fd <fd>",
      "file descriptor that gets a 0 byte when lazy pages are ready",
      integerFrom(-1, 2 ** 31 - 1),
      -1,
    )
    .option("--page-server <address:port>", "send memory pages to this page server", text(parsePageServer))
    .option("--file-locks", "handle file locks", false)
    .option("--pre-dump", "save the memory only, and leave the container running", false)
    .addOption(manageCgroupsModeFlag())
    .option("--empty-ns <namespace>", EMPTY_NS, list(parseEmptyNamespace), [])
    .option("--auto-dedup", "drop pages from earlier images that are saved again", false);
}

export function restoreCommand() {
  return new Command("restore")
    .summary("restore a container from a checkpoint")
    .description("Makes a container from its bundle and the state that the checkpoint command has saved.")
    .argument("<container-id>", CONTAINER_ID_NEW)
    .addOption(consoleSocketFlag())
    .addOption(imagePathFlag())
    .addOption(workPathFlag())
    .option("--tcp-established", "allow open TCP connections", false)
    .option("--ext-unix-sk", "allow external UNIX sockets", false)
    .option("--shell-job", "allow shell jobs", false)
    .option("--file-locks", "handle file locks", false)
    .addOption(manageCgroupsModeFlag())
    .addOption(bundleFlag())
    .option("-d, --detach", "return once the container runs", false)
    .addOption(pidFileFlag())
    .option("--no-subreaper", "do not adopt orphaned processes of the container")
    .option("--no-pivot", NO_PIVOT)
    .option("--empty-ns <namespace>", EMPTY_NS, list(parseEmptyNamespace), [])
    .option("--auto-dedup", "drop pages from earlier images that are saved again", false)
    .option("--lazy-pages", "load memory pages on demand (userfaultfd)", false)
    .option("--lsm-profile <type:name>", "security profile to restore with", text(anyText))
    .option("--lsm-mount-context <context>", "security context for mounts", text(anyText));
}
