/** The output of ps(1), cut down to some processes. Pure. */

import { RuntimeError } from "../failure/errors.ts";

/** The header line and the lines whose PID column holds one of `pids`. Throws RuntimeError without such a column. */
export function filterByPid(output: string, pids: ReadonlySet<number>): string {
  const [header = "", ...lines] = output.split("\n");
  const column = words(header).indexOf("PID");
  if (column === -1) {
    throw new RuntimeError("couldn't find PID field in ps output", {
      hint: "the options for ps must keep its header and a column named PID: -o pid,args",
    });
  }
  const kept = lines.filter((line) => {
    const fields = words(line);
    if (fields.length === 0) return false;
    const pid = Number(fields[column]);
    if (!Number.isInteger(pid)) throw new RuntimeError(`unable to parse pid: ${fields[column] ?? ""}`);
    return pids.has(pid);
  });
  return [header, ...kept].join("\n");
}

function words(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== "");
}
