import { Command } from "@commander-js/extra-typings";
import { emptyNamespaceFlag, imagePathFlag, manageCgroupsModeFlag, workPathFlag } from "./criu-flags.ts";
import { textFlag, valueFlag } from "./flag.ts";
import { parseRelativePath } from "./paths.ts";
import { CONTAINER_ID } from "./process-flags.ts";
import { integerFrom, ValueError } from "./values.ts";

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
    .addOption(
      textFlag(
        "--parent-path <directory>",
        "image files of an earlier pre-dump, below --image-path",
        parseRelativePath,
      ),
    )
    .option("--leave-running", "leave the container running", false)
    .option("--tcp-established", "allow open TCP connections", false)
    .option("--tcp-skip-in-flight", "skip TCP connections that are being opened", false)
    .option("--link-remap", "link unlinked files back where possible", false)
    .option("--ext-unix-sk", "allow external UNIX sockets", false)
    .option("--shell-job", "allow shell jobs", false)
    .option("--lazy-pages", "serve memory pages on demand (userfaultfd)", false)
    .addOption(
      valueFlag(
        "--status-fd <fd>",
        "file descriptor that gets a 0 byte when lazy pages are ready",
        integerFrom(-1, 2 ** 31 - 1),
      ).default(-1),
    )
    .addOption(
      textFlag("--page-server <address:port>", "send memory pages to this page server", parsePageServer),
    )
    .option("--file-locks", "handle file locks", false)
    .option("--pre-dump", "save the memory only, and leave the container running", false)
    .addOption(manageCgroupsModeFlag())
    .addOption(emptyNamespaceFlag())
    .option("--auto-dedup", "drop pages from earlier images that are saved again", false);
}
