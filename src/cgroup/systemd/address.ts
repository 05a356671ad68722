/** Where the buses are. D-Bus Specification, "Server Addresses". Pure. */

import { RuntimeError } from "../../failure/errors.ts";

export const SYSTEM_BUS_PATH = "/run/dbus/system_bus_socket";

export const NO_SESSION_BUS =
  "a rootless container needs a user session with a bus: install dbus-user-session and log in again, or loginctl enable-linger";

/** The user's bus: DBUS_SESSION_BUS_ADDRESS, or the socket that systemd --user listens on. */
export function sessionBusPath(variables: Readonly<Record<string, string | undefined>>): string {
  const address = variables["DBUS_SESSION_BUS_ADDRESS"];
  if (address !== undefined && address !== "") return unixPath(address);
  const runtime = variables["XDG_RUNTIME_DIR"];
  if (runtime !== undefined && runtime !== "") return `${runtime}/bus`;
  throw new RuntimeError(
    "could not detect DBUS_SESSION_BUS_ADDRESS from the environment; make sure you have installed the dbus-user-session or dbus-daemon package; note you may need to re-login",
    { hint: NO_SESSION_BUS },
  );
}

/** Of several addresses ("unix:path=/a;unix:abstract=b") the first unix socket; "@name" for an abstract one. */
export function unixPath(address: string): string {
  for (const one of address.split(";")) {
    const match = /^unix:(.*)$/.exec(one);
    if (match === null) continue;
    for (const pair of (match[1] as string).split(",")) {
      const [key, value = ""] = pair.split("=");
      if (key === "path" && value !== "") return unescapeAddress(value);
      if (key === "abstract" && value !== "") return `@${unescapeAddress(value)}`;
    }
  }
  throw new RuntimeError(`no unix socket in the bus address "${address}"`, {
    hint: "DBUS_SESSION_BUS_ADDRESS: unix:path=/run/user/1000/bus",
  });
}

function unescapeAddress(value: string): string {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const part of value.split(/(%[0-9a-fA-F]{2})/)) {
    if (/^%[0-9a-fA-F]{2}$/.test(part)) bytes.push(Number.parseInt(part.slice(1), 16));
    else for (const byte of encoder.encode(part)) bytes.push(byte);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
