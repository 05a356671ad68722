/**
 * Where the build takes the image of the started program, and where each start of the executable goes on (zig/image.zig).
 *
 * What Bun keeps of its own start is renewed here: environment, working directory, process id, start record. All else that a
 * process has of its own (time, random numbers, files) must not be asked for before: a rule of test/tidy.
 */
import { found } from "./host/found.ts";
import { replaceStartRecord } from "./host/start-record.ts";
import { goThroughTheMotions, type Main, rehearse } from "./image/rehearsal.ts";
import { native } from "./native/call.ts";
import { linkedRehearsal } from "./native/library.ts";
import { linked } from "./native/linked.ts";

/** Goes through the hot commands and stops. → the words of the process that goes on from here. */
export async function takeImage(main: Main): Promise<readonly string[]> {
  await rehearse(main);
  const rehearsal = linkedRehearsal();
  if (rehearsal !== undefined) linked.rehearse = rehearsal;
  const { started, arguments: words, pid, nofile, cwd_deleted, watched } = native("take_image", {});
  if (!started) throw new Error("continued without an image");
  found.host = undefined;
  replaceStartRecord({
    kind: "image",
    noFile: nofile,
    cwdDeleted: cwd_deleted,
    isOpen: (fd) => native("is_inherited", { fd }).inherited,
  });
  // Most commands never look.
  let environment: Record<string, string> | undefined;
  const env = () => (environment ??= parseEnvironment(native("environment", {}).entries));
  Object.defineProperty(process, "env", { configurable: true, enumerable: true, get: env });
  Object.defineProperty(process, "pid", { configurable: true, enumerable: true, value: pid });
  process.cwd = () => native("working_directory", {}).path;
  if (watched) goThroughTheMotions();
  return words;
}

function parseEnvironment(entries: readonly string[]): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const entry of entries) {
    const at = entry.indexOf("=", 1);
    if (at > 0) environment[entry.slice(0, at)] ??= entry.slice(at + 1);
  }
  return environment;
}
