/** Paths on the command line, made absolute before anything changes the working directory. */

import { resolvePath } from "../kernel/paths.ts";
import { ValueError } from "./values.ts";

/** A path flag, relative to the directory bunc was started in. */
export function parsePath(text: string): string {
  return resolvePath(process.cwd(), text);
}

/** `--root`: empty counts as "/" would, and "/" is refused. Throws ValueError. */
export function parseRoot(text: string): string {
  const root = text === "" ? "/" : resolvePath(process.cwd(), text);
  if (root === "/") throw new ValueError("Option --root argument should not be set to /");
  return root;
}

/** `--parent-path` is below --image-path. Throws ValueError. */
export function parseRelativePath(text: string): string {
  if (text.startsWith("/")) throw new ValueError("--parent-path must be relative");
  return text;
}

/** `--resources`: a file, or "-" for the standard input. */
export function parseFileOrStdin(text: string): string {
  return text === "-" ? "-" : parsePath(text);
}
