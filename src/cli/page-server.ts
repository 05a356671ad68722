/** `checkpoint --page-server ADDRESS:PORT`. */

import { ValueError } from "./value-error.ts";

export interface PageServer {
  address: string;
  port: number;
}

/** An IPv6 address stands in brackets. Throws ValueError with runc's texts. */
export function parsePageServer(text: string): PageServer {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([^:]+)$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  const port = match?.[3];
  if (address === undefined || port === undefined) {
    throw new ValueError("Use --page-server ADDRESS:PORT to specify page server");
  }
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new ValueError("Invalid port number");
  }
  return { address, port: Number(port) };
}
