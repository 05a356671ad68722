/**
 * `--user uid[:gid]` and `--additional-gids`: numbers only. Names belong to the container's files, which
 * the runtime must not trust, and a value that cannot be read is an error, never id 0 (CVE-2026-30892).
 */

import { ID_MAX } from "../id.ts";
import { quote, ValueError } from "./value-error.ts";

export interface UserIds {
  uid: number;
  /** Undefined: only the uid was given. */
  gid: number | undefined;
}

/** Throws ValueError, beginning with runc's "bad uid" or "bad gid". */
export function parseUser(text: string): UserIds {
  const colon = text.indexOf(":");
  const uid = parseId(colon === -1 ? text : text.slice(0, colon), "bad uid");
  const gid = colon === -1 ? undefined : parseId(text.slice(colon + 1), "bad gid");
  return { uid, gid };
}

/** Throws ValueError. */
export function parseAdditionalGid(text: string): number {
  if (/^-[0-9]+$/.test(text)) throw new ValueError(`additional-gids must be a positive number ${text}`);
  return parseId(text, "bad gid");
}

function parseId(text: string, problem: string): number {
  if (/^[0-9]{1,10}$/.test(text)) {
    const id = Number(text);
    if (id <= ID_MAX) return id;
  }
  throw new ValueError(`${problem}: ${quote(text)} is not a number from 0 to ${ID_MAX}`);
}
