import { Command } from "@commander-js/extra-typings";
import { bundleFlag, consoleSocketFlag, preserveFdsFlag } from "./process-flags.ts";
import { MalformedValue, quote, UINT64_MAX } from "./values.ts";

export interface SyscallQuery {
  /** Names or numbers; empty: all. */
  names: string[];
  /** Undefined: whatever the arguments are. */
  arguments: bigint[] | undefined;
}

const LIST = /^[A-Za-z0-9_]{1,64}(?:,[A-Za-z0-9_]{1,64})*$/;
const CALL = /^([A-Za-z0-9_]{1,64})\(([^()]*)\)$/;
const NUMBER = /^(?:[0-9]{1,20}|0x[0-9a-fA-F]{1,16})$/;
const ARGUMENTS_MAX = 6;

/** System calls to explain: `all`, `mount`, `165`, `mount,umount2`, with arguments `socket(16,0x3)`. Throws ValueError. */
export function parseSyscalls(text: string): SyscallQuery {
  if (text === "all") return { names: [], arguments: undefined };
  if (LIST.test(text)) return { names: text.split(","), arguments: undefined };
  const [, name, list = ""] = CALL.exec(text) ?? [];
  const values = list.trim() === "" ? [] : list.split(",").map((part) => part.trim());
  if (name !== undefined && values.length <= ARGUMENTS_MAX && values.every((part) => NUMBER.test(part))) {
    const numbers = values.map(BigInt);
    if (numbers.every((number) => number <= UINT64_MAX)) return { names: [name], arguments: numbers };
  }
  throw new MalformedValue(`${quote(text)} is not a system call such as mount, 165 or socket(16), or all`);
}

export function explainCommand() {
  return new Command("explain")
    .summary("show what create would do, without doing it")
    .description(
      "Prints what the create command would do for the bundle, and start after it: every system call that\n" +
        "changes something, in order, each with the path in config.json that asks for it, and at the end why create\n" +
        "would fail or what it would warn of. What create refuses at once is refused likewise. Nothing is changed.\n\n" +
        "With --seccomp it says instead what the seccomp profile answers for system calls of this machine's\n" +
        "architecture, and which rule says so: all, mount, 165, mount,umount2, or with arguments socket(16).",
    )
    .argument("[container-id]", "the name the container would have (default: the bundle's name)")
    .addOption(bundleFlag())
    .option("--json", "print JSON: plan, operations, problems and warnings", false)
    .option("--seccomp <calls>", "explain the seccomp profile for these system calls", parseSyscalls)
    .addOption(consoleSocketFlag())
    .option("--no-pivot", "as for create")
    .option("--no-new-keyring", "as for create")
    .addOption(preserveFdsFlag());
}
