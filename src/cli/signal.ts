/** Signals on the command line: `KILL`, `SIGKILL`, `9`, `RTMIN+3`. signal(7), numbers of x86_64 and arm64. */

import { quote, ValueError } from "./value-error.ts";

const NAMES: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
  RTMIN: 34,
  RTMAX: 64,
};

const RTMIN = 34;
const RTMAX = 64;

/** The number of a signal, 0 to 64 (0: only ask whether the process can be signalled). Throws ValueError. */
export function parseSignal(text: string): number {
  const number = signalNumber(text);
  if (number === undefined) {
    throw new ValueError(
      `unknown signal ${quote(text)}: use a name such as TERM or SIGTERM, or a number from 0 to 64`,
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
