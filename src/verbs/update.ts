import { Command } from "@commander-js/extra-typings";
import { anyText, flag, text } from "./flag.ts";
import { parseFileOrStdin } from "./paths.ts";
import { CONTAINER_ID } from "./process-flags.ts";
import { integerFrom, parseCpuList, parseInt64, parseSize, parseUint64 } from "./values.ts";

/** blkio.weight; 0 leaves it as it is. */
function parseWeight(text: string): number {
  return text === "0" ? 0 : integerFrom(10, 1000)(text);
}

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
    .option(
      "-r, --resources <file>",
      "JSON file with the limits; - for standard input",
      text(parseFileOrStdin),
    )
    .option("--blkio-weight <weight>", "block I/O weight, 10 to 1000", parseWeight)
    .option("--cpu-period <us>", "CFS period in microseconds; 0 leaves it as it is", text(parseUint64))
    .option("--cpu-quota <us>", "CPU time in a period in microseconds; -1 for no limit", text(parseInt64))
    .option("--cpu-burst <us>", "unused CPU time that may be saved up, in microseconds", text(parseUint64))
    .option("--cpu-share <shares>", "relative CPU weight", text(parseUint64))
    .option(
      "--cpu-rt-period <us>",
      "realtime period in microseconds; 0 leaves it as it is",
      text(parseUint64),
    )
    .option("--cpu-rt-runtime <us>", "realtime CPU time in a period in microseconds", text(parseInt64))
    .option("--cpuset-cpus <list>", "CPUs the container may use", text(parseCpuList))
    .option("--cpuset-mems <list>", "memory nodes the container may use", text(parseCpuList))
    .option("--cpu-idle <0|1>", "1: use only otherwise idle CPU time (SCHED_IDLE)", text(parseInt64))
    .option("--memory <size>", "memory limit", text(parseSize))
    .option("--memory-reservation <size>", "memory soft limit", text(parseSize))
    .option("--memory-swap <size>", "limit of memory plus swap; -1 for unlimited swap", text(parseSize))
    .option(
      "--pids-limit <count>",
      "limit of processes and threads; -1 for none",
      integerFrom(-1, 2 ** 53 - 1),
    )
    .option("--l3-cache-schema <schema>", "Intel RDT/CAT L3 cache schema", text(anyText))
    .option("--mem-bw-schema <schema>", "Intel RDT/MBA memory bandwidth schema", text(anyText))
    .addOption(
      flag(
        "--kernel-memory <size>",
        "ignored: the kernel no longer has this limit",
        text(parseSize),
      ).hideHelp(),
    )
    .addOption(
      flag(
        "--kernel-memory-tcp <size>",
        "ignored: the kernel no longer has this limit",
        text(parseSize),
      ).hideHelp(),
    );
}
