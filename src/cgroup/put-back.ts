/**
 * What stands in the files that are about to be written, so that it can be put back when one of them is refused: a
 * limit that nobody has set has a value too, and what somebody else has written is not in our records.
 */

import { native } from "../native/call.ts";
import { groupSettings } from "./create.ts";
import { fileText } from "./files.ts";
import type { CgroupLocations } from "./paths.ts";
import type { CgroupSetting } from "./resources/setting.ts";

/** Puts back what has changed since, as far as the kernel lets it. Throws what it refused last. */
type PutBack = () => void;

/** Reads the files that `settings` will change. Returns what restores them. */
export function rememberFiles(locations: CgroupLocations, settings: readonly CgroupSetting[]): PutBack {
  const before = settings.flatMap((wanted) => {
    const variants = wanted.alternative === null ? [wanted] : [wanted, { ...wanted, ...wanted.alternative }];
    return variants.flatMap((variant) => {
      const text = readText(locations, variant);
      return text === undefined ? [] : [{ ...variant, value: earlierValue(variant, text) }];
    });
  });
  return () => {
    let refusal: unknown;
    // The last one first: each step leads to a state that the kernel has accepted on the way here.
    for (const setting of before.reverse()) {
      const now = readText(locations, setting);
      // Where nothing was written the kernel may refuse even the value that it shows: io.weight of a device under BFQ.
      if (now !== undefined && earlierValue(setting, now) === setting.value) continue;
      const groups = groupSettings(locations, [{ ...setting, alternative: null }]);
      try {
        native("cgroup_write", { groups });
      } catch (error) {
        refusal = error;
      }
    }
    if (refusal !== undefined) throw refusal;
  };
}

/** Undefined: there is no such file, or it cannot be read (memory.reclaim). */
function readText(locations: CgroupLocations, setting: CgroupSetting): string | undefined {
  const [group] = groupSettings(locations, [setting]);
  if (group === undefined) return undefined;
  return fileText(group, setting.file);
}

/** Written to the file of `setting`, it restores what `text`, the file's whole contents, says about the same thing. */
export function earlierValue({ file, value }: Pick<CgroupSetting, "file" | "value">, text: string): string {
  if (file === "memory.oom_control") return /^oom_kill_disable (\d)/.exec(text)?.[1] ?? "0";
  const lines = text.trim().split("\n");
  const reset = LINE_FILES.find(([pattern]) => pattern.test(file))?.[1];
  if (reset === undefined) return text.trim();
  const [first = "", second] = value.trim().split(/\s+/);
  const key = second === undefined ? "default" : first;
  const line = lines.find((candidate) => candidate.startsWith(`${key} `));
  if (line !== undefined) return line;
  // A file with one value only, without "default" before it.
  if (key === "default") return lines[0] ?? "";
  return `${key} ${reset}`;
}

/** Files with a line for each device, and what stands for "no limit" there. A device without a limit has no line. */
const LINE_FILES: readonly [file: RegExp, reset: string][] = [
  [/^io\.max$/, "rbps=max wbps=max riops=max wiops=max"],
  [/^io\.(weight|bfq\.weight)$/, "default"],
  [/^io\.latency$/, "target=0"],
  [/^blkio\..*(_device)$/, "0"],
  [/^net_prio\.ifpriomap$/, "0"],
  [/^rdma\.max$/, "hca_handle=max hca_object=max"],
  [/^(misc|dmem)\.max$/, "max"],
];
