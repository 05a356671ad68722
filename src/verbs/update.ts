import { Command } from "@commander-js/extra-typings";
import { anyText, textFlag, valueFlag } from "./flag.ts";
import { parseFileOrStdin } from "./paths.ts";
import { CONTAINER_ID } from "./process-flags.ts";
import { integerFrom, parseCpuList, parseInt64, parseSize, parseUint64 } from "./values.ts";

/** blkio.weight; 0 leaves it as it is. */
function parseWeight(text: string): number {
  return text === "0" ? 0 : integerFrom(10, 1000)(text);
}

const size = <const Flags extends string>(flags: Flags, description: string) =>
  textFlag(flags, description, parseSize);

export function updateCommand() {
  return new Command("update")
    .summary("change the resource limits of a container")
    .description(
      "Changes the limits of a container that exists. With --resources they come from JSON in the form of\n" +
        "linux.resources of config.json (memory, cpu, blockIO, pids, unified …) and all other flags are\n" +
        "ignored; what is not mentioned stays as it is. 0 means not mentioned, except for pids, idle and\n" +
        "burst. An idle cgroup has no weight: the shares come back with --cpu-idle 0, and new ones end idle.",
    )
    .argument("<container-id>", CONTAINER_ID)
    .addOption(
      textFlag("-r, --resources <file>", "JSON file with the limits; - for standard input", parseFileOrStdin),
    )
    .addOption(valueFlag("--blkio-weight <weight>", "block I/O weight, 10 to 1000", parseWeight))
    .addOption(textFlag("--cpu-period <us>", "CFS period in microseconds; 0 leaves it as it is", parseUint64))
    .addOption(
      textFlag("--cpu-quota <us>", "CPU time in a period in microseconds; -1 for no limit", parseInt64),
    )
    .addOption(
      textFlag("--cpu-burst <us>", "unused CPU time that may be saved up, in microseconds", parseUint64),
    )
    .addOption(textFlag("--cpu-share <shares>", "relative CPU weight", parseUint64))
    .addOption(
      textFlag("--cpu-rt-period <us>", "realtime period in microseconds; 0 leaves it as it is", parseUint64),
    )
    .addOption(textFlag("--cpu-rt-runtime <us>", "realtime CPU time in a period in microseconds", parseInt64))
    .addOption(textFlag("--cpuset-cpus <list>", "CPUs the container may use", parseCpuList))
    .addOption(textFlag("--cpuset-mems <list>", "memory nodes the container may use", parseCpuList))
    .addOption(textFlag("--cpu-idle <0|1>", "1: use only otherwise idle CPU time (SCHED_IDLE)", parseInt64))
    .addOption(size("--memory <size>", "memory limit"))
    .addOption(size("--memory-reservation <size>", "memory soft limit"))
    .addOption(size("--memory-swap <size>", "limit of memory plus swap; -1 for unlimited swap"))
    .addOption(
      valueFlag(
        "--pids-limit <count>",
        "limit of processes and threads; -1 for none",
        integerFrom(-1, 2 ** 53 - 1),
      ),
    )
    .addOption(textFlag("--l3-cache-schema <schema>", "Intel RDT/CAT L3 cache schema", anyText))
    .addOption(textFlag("--mem-bw-schema <schema>", "Intel RDT/MBA memory bandwidth schema", anyText))
    .addOption(size("--kernel-memory <size>", "ignored: the kernel no longer has this limit").hideHelp())
    .addOption(size("--kernel-memory-tcp <size>", "ignored: the kernel no longer has this limit").hideHelp());
}
