/** Names and ids on the command line: containers, users, capabilities, environment variables, signals. */

import { RuntimeError } from "../failure/errors.ts";
import { didYouMean } from "../failure/suggestion.ts";
import { capabilityNumber } from "../kernel/capability.ts";
import { ID_MAX } from "../kernel/id.ts";
import { SIG } from "../native/boundary.gen.ts";
import { quote, ValueError } from "./values.ts";

/** A container id is the name of a directory: NAME_MAX of every file system the state directory can be on. */
const ID_LENGTH_MAX = 255;

/** A container id. Throws RuntimeError with runc's texts. */
export function parseContainerId(text: string): string {
  if (text === "") throw new RuntimeError("container id cannot be empty");
  if (!/^[A-Za-z0-9_+.-]+$/.test(text) || text === "." || text === ".." || text.length > ID_LENGTH_MAX) {
    throw new RuntimeError("invalid container ID format", {
      path: text.slice(0, ID_LENGTH_MAX),
      hint: `an id has 1 to ${ID_LENGTH_MAX} letters, digits and characters of "_+.-", and is neither "." nor ".."`,
    });
  }
  return text;
}

export interface UserIds {
  uid: number;
  /** Undefined: only the uid was given. */
  gid: number | undefined;
}

/**
 * `--user uid[:gid]`, numbers only: names belong to the container's files, which the runtime must not trust, and a value that
 * cannot be read is an error, never id 0 (CVE-2026-30892). Throws ValueError, beginning with runc's "bad uid" or "bad gid".
 */
export function parseUser(text: string): UserIds {
  const colon = text.indexOf(":");
  const uid = parseId(colon === -1 ? text : text.slice(0, colon), "bad uid");
  const gid = colon === -1 ? undefined : parseId(text.slice(colon + 1), "bad gid");
  return { uid, gid };
}

/** `--additional-gids`. Throws ValueError. */
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

/**
 * `--cap`: `net_admin`, `CAP_NET_ADMIN` → `CAP_NET_ADMIN`. An unknown name stays as it is: the process gets a
 * warning about it, as for one of config.json.
 */
export function parseCapability(text: string): string {
  const name = `CAP_${text.toUpperCase().replace(/^CAP_/, "")}`;
  return capabilityNumber(name) === undefined ? text : name;
}

/** `--env NAME=value`: the text itself, checked as runc checks the environment. Throws ValueError. */
export function parseEnvironmentVariable(text: string): string {
  const equals = text.indexOf("=");
  if (equals === -1) {
    throw new ValueError(`invalid environment variable: missing '=' in ${quote(text)} (NAME=value)`);
  }
  if (equals === 0) {
    throw new ValueError(`invalid environment variable: name cannot be empty in ${quote(text)} (NAME=value)`);
  }
  return text;
}

const RTMIN = 34;
const RTMAX = 64;

/** The kernel's names, and the other names that some of them have. */
const SIGNALS: Readonly<Record<string, number>> = {
  ...SIG,
  IOT: SIG.ABRT,
  CLD: SIG.CHLD,
  POLL: SIG.IO,
  RTMIN,
  RTMAX,
};

/**
 * The number of a signal, 0 to 64 (0: only ask whether the process can be signalled): `KILL`, `SIGKILL`, `9`, `RTMIN+3`. The
 * numbers of x86_64 and arm64 (signal(7)). Throws ValueError.
 */
export function parseSignal(text: string): number {
  const number = signalNumber(text);
  if (number === undefined) {
    // Whoever wrote SIG wants to read it.
    const prefix = /^sig/i.test(text) ? "SIG" : "";
    const known = Object.keys(SIGNALS).map((name) => `${prefix}${name}`);
    throw new ValueError(
      `unknown signal ${quote(text)}${didYouMean(text, known)}: use a name such as TERM or SIGTERM, or a number from 0 to 64`,
    );
  }
  return number;
}

function signalNumber(text: string): number | undefined {
  if (/^[0-9]{1,2}$/.test(text)) {
    const number = Number(text);
    return number <= RTMAX ? number : undefined;
  }
  const name = text.toUpperCase().replace(/^SIG/, "");
  if (Object.hasOwn(SIGNALS, name)) return SIGNALS[name];
  const realtime = /^RTM(IN\+|AX-)([0-9]{1,2})$/.exec(name);
  if (realtime === null) return undefined;
  const offset = Number(realtime[2]);
  if (offset > RTMAX - RTMIN) return undefined;
  return realtime[1] === "IN+" ? RTMIN + offset : RTMAX - offset;
}
