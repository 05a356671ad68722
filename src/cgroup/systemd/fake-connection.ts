/** Answers of the core by which a connection to systemd ends at a FakeBus. */

import { callNumbers } from "../../native/boundary.gen.ts";
import type { Answers } from "../../native/stand-in.ts";
import type { FakeBus } from "./fake-bus.ts";

/** Of the connection: no rehearsed or recorded machine gives such a number. */
export const BUS_DESCRIPTOR = 255;
export const BUS_CALLS: readonly number[] = [
  callNumbers.bus_connect,
  callNumbers.bus_write,
  callNumbers.bus_read,
];

/** `connect`: → the bus at the other end of each connection. */
export function busAnswers(connect: () => FakeBus): Answers {
  let bus: FakeBus | undefined;
  return {
    bus_connect: () => {
      bus = connect();
      return { fd: BUS_DESCRIPTOR };
    },
    bus_write: ({ base64 }) => {
      bus?.write(Uint8Array.fromBase64(base64));
      return {};
    },
    bus_read: ({ timeout_ms }) => ({
      base64: bus?.read(timeout_ms)?.toBase64() ?? "",
      closed: false,
      timed_out: false,
    }),
  };
}
