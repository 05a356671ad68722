/** Container ids: the name of a directory under --root, and part of cgroup and keyring names. */

import { RuntimeError } from "../errors.ts";

/** NAME_MAX of every file system the state directory can be on. */
const LENGTH_MAX = 255;

/** The id, if it is one. Throws RuntimeError with runc's texts. */
export function parseContainerId(text: string): string {
  if (text === "") throw new RuntimeError("container id cannot be empty");
  if (!/^[A-Za-z0-9_+.-]+$/.test(text) || text === "." || text === ".." || text.length > LENGTH_MAX) {
    throw new RuntimeError("invalid container ID format", {
      path: text.slice(0, LENGTH_MAX),
      hint: `an id has 1 to ${LENGTH_MAX} letters, digits and characters of "_+.-", and is neither "." nor ".."`,
    });
  }
  return text;
}
