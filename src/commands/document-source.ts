/** A document that the command line names: a file, or "-" for standard input. */

import { RuntimeError } from "../failure/errors.ts";
import { systemCallFailed } from "../failure/messages.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";

/** A document that was read. */
export interface DocumentSource {
  /** Its name in errors. */
  document: string;
  text: string;
}

/** Throws RuntimeError if it cannot be read or is not UTF-8. */
export async function readDocument(source: string): Promise<DocumentSource> {
  if (source !== "-") return { document: source, text: readText(source) };
  const document = "standard input";
  const bytes = await Bun.stdin.bytes();
  try {
    // A byte order mark stays, as in a file: it is not JSON.
    return { document, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    throw new RuntimeError(`${document} is not valid UTF-8`);
  }
}

function readText(path: string): string {
  const { found, text } = native("read_file", { path });
  if (!found) throw systemCallFailed("open", path, ERRNO.NOENT);
  return text;
}
