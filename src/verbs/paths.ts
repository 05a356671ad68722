/** Paths on the command line, made absolute before anything changes the working directory. */

import { ValueError } from "./values.ts";

/** Absolute and without "." , ".." and doubled slashes: Go's filepath.Abs. Purely textual. */
export function absolutePath(path: string, workingDirectory: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${workingDirectory}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** A path flag, relative to the directory bunc was started in. */
export function parsePath(text: string): string {
  return absolutePath(text, process.cwd());
}

/** `--root`: empty counts as "/" would, and "/" is refused. Throws ValueError. */
export function parseRoot(text: string): string {
  const root = text === "" ? "/" : absolutePath(text, process.cwd());
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
