/** The only acceptable outcomes of a command, whatever its input: success, or one record that says what is wrong. */
import type { Result } from "../harness/runtime.ts";

/** A crash of Bun, an uncaught error, a panic of the core. */
export const crash =
  /TypeError|ReferenceError|RangeError|SyntaxError|panic|Segmentation|bun\.report|Bun v|assert|undefined is not|\[object/i;

/** In either --log-format. */
const record =
  /^time="[^"\n]+" level=(error|warning) msg=.+$|^\{.*"level":"(error|warning)".*"time":"[^"]+"\}$/;
const isError = (line: string) => /level=error|"level":"error"/.test(line);

/** → what is wrong with the outcome; undefined if nothing is. `program`: the container's statuses and output are fine too. */
export function unclean({ status, stderr }: Result, program = false): string | undefined {
  if (crash.test(stderr)) return stderr;
  if (program) return undefined;
  const lines = stderr.split("\n").filter(Boolean);
  if (!lines.every((line) => record.test(line))) return `no record: ${stderr}`;
  // exec ends with 255 if it cannot execute the program.
  if (status >= 128 && status !== 255) return `status ${status}: ${stderr}`;
  const errors = lines.filter(isError);
  if (status === 0) return errors.length === 0 ? undefined : `success with an error: ${stderr}`;
  return errors.length === 1 ? undefined : `status ${status} with ${errors.length} errors: ${stderr}`;
}
