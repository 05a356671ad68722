/** Signals on the command line: `KILL`, `SIGKILL`, `9`, `RTMIN+3`. signal(7), numbers of x86_64 and arm64. */

import { SIG } from "../native/boundary.gen.ts";
import { quote, ValueError } from "./value-error.ts";

const RTMIN = 34;
const RTMAX = 64;

/** The kernel's names, and the other names that some of them have. */
const NAMES: Readonly<Record<string, number>> = {
  ...SIG,
  IOT: SIG.ABRT,
  CLD: SIG.CHLD,
  POLL: SIG.IO,
  RTMIN,
  RTMAX,
};

/** The number of a signal, 0 to 64 (0: only ask whether the process can be signalled). Throws ValueError. */
export function parseSignal(text: string): number {
  const number = signalNumber(text);
  if (number === undefined) {
    const { didYouMean }: typeof import("../suggestion.ts") = require("../suggestion.ts");
    // Whoever wrote SIG wants to read it.
    const prefix = /^sig/i.test(text) ? "SIG" : "";
    const known = Object.keys(NAMES).map((name) => `${prefix}${name}`);
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
  if (Object.hasOwn(NAMES, name)) return NAMES[name];
  const realtime = /^RTM(IN\+|AX-)([0-9]{1,2})$/.exec(name);
  if (realtime === null) return undefined;
  const offset = Number(realtime[2]);
  if (offset > RTMAX - RTMIN) return undefined;
  return realtime[1] === "IN+" ? RTMIN + offset : RTMAX - offset;
}
