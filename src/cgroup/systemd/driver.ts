/**
 * The systemd cgroup driver: a scope for each container, made, limited and stopped over D-Bus.
 * org.freedesktop.systemd1(5).
 */

import { failureMessage, RuntimeError } from "../../failure/errors.ts";
import { ERRNO } from "../../native/boundary.gen.ts";
import { native } from "../../native/call.ts";
import { NO_SESSION_BUS, SYSTEM_BUS_PATH, sessionBusPath } from "./address.ts";
import { Bus, BusError, openStream } from "./bus.ts";
import type { Property } from "./properties.ts";
import type { UnitName } from "./unit.ts";
import { expandSlice } from "./unit.ts";
import type { Value } from "./wire.ts";

const MANAGER = {
  destination: "org.freedesktop.systemd1",
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
};

/** As long as runc waits for a unit. */
const JOB_TIMEOUT_MS = 30_000;

const SYSTEMD_PRIVATE_PATH = "/run/systemd/private";

/** Which systemd to talk to: the system's, or the user's when rootless. */
export interface SystemdEnvironment {
  rootless: boolean;
  euid: number;
  /** DBUS_SYSTEM_BUS_ADDRESS, DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR are read. */
  variables: Readonly<Record<string, string | undefined>>;
}

/** One connection, for all that one command has to say to systemd. */
export class Systemd {
  private readonly bus: Bus;
  private readonly rootless: boolean;
  private isSubscribed = false;
  private readonly managerProperties = new Map<string, string>();

  constructor(bus: Bus, rootless: boolean) {
    this.bus = bus;
    this.rootless = rootless;
  }

  /** The system bus, or systemd itself for root where that bus is not up; the user's bus when rootless. */
  static connect(environment: SystemdEnvironment): Systemd {
    const { rootless, euid, variables } = environment;
    if (!isBootedWithSystemd()) {
      throw new RuntimeError("systemd not running on this host, cannot use systemd cgroups manager", {
        hint: "remove --systemd-cgroup: bunc then makes the cgroups itself",
      });
    }
    try {
      if (rootless) {
        const stream = openStream(sessionBusPath(variables));
        return new Systemd(new Bus(stream, { direct: false }), true);
      }
      return new Systemd(connectSystem(euid), false);
    } catch (error) {
      const reason = failureMessage(error);
      throw new RuntimeError(`failed to connect to dbus: ${reason}`, {
        step: "connect",
        hint: noBusHint(error, rootless),
        cause: error,
      });
    }
  }

  close(): void {
    this.bus.close();
  }

  /** systemd's major version. 0 where its answer is not understood. */
  version(): number {
    const match = /^v?(\d+)/.exec(this.managerProperty("Version"));
    return match === null ? 0 : Number(match[1]);
  }

  /** The unit's cgroup, from the root of the hierarchy: "/system.slice/runc-a.scope". */
  cgroupOf({ unit, slice }: UnitName): string {
    // A user's manager has a subtree of its own.
    const base = this.rootless ? this.managerProperty("ControlGroup") : "";
    return `${base}${expandSlice(slice)}/${unit}`;
  }

  private managerProperty(name: string): string {
    let value = this.managerProperties.get(name);
    if (value === undefined) {
      value = this.askManager(name);
      this.managerProperties.set(name, value);
    }
    return value;
  }

  private askManager(name: string): string {
    const [variant] = this.bus.call({
      ...MANAGER,
      interface: "org.freedesktop.DBus.Properties",
      member: "Get",
      signature: "ss",
      body: [MANAGER.interface, name],
    });
    return String((variant as { value: Value }).value);
  }

  /** systemd answers before it writes new limits to the cgroup, and writes them before it reads the next question. */
  settle(): void {
    this.askManager("Version");
  }

  /**
   * Makes the unit and waits until it stands. A unit of that name that has failed is in the way of a new
   * one: it is reset, once.
   */
  startUnit(unit: string, properties: readonly Property[]): void {
    const body = [unit, "replace", properties.map(variant), []];
    const start = () => this.job(unit, "create", "StartTransientUnit", "ssa(sv)a(sa(sv))", body);
    try {
      try {
        start();
      } catch (error) {
        if (!isUnitExists(error)) throw error;
        this.resetFailed(unit);
        start();
      }
    } catch (error) {
      const reason = failureMessage(error);
      throw new RuntimeError(`unable to start unit "${unit}": ${reason}`, {
        step: "StartTransientUnit",
        path: unit,
        cause: error,
        hint: hintFor(error),
      });
    }
  }

  /** Stops the unit with all processes in it. A missing unit counts as stopped. */
  stopUnit(unit: string): void {
    try {
      this.job(unit, "remove", "StopUnit", "ss", [unit, "replace"]);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      // Not loaded, or gone in the meantime.
    }
    this.resetFailed(unit);
  }

  /** For the time the unit runs (a transient one has no other). */
  setProperties(unit: string, properties: readonly Property[]): void {
    const body = [unit, true, properties.map(variant)];
    this.change("unable to set unit properties", unit, "SetUnitProperties", "sba(sv)", body);
  }

  /** `sub`: below the unit's cgroup, "" for that itself. systemd moves what the caller might not move. */
  attach(unit: string, sub: string, pids: readonly number[]): void {
    const path = sub.startsWith("/") ? sub : `/${sub}`;
    if (path.split("/").some((part) => part === "." || part === "..") || /\/\/|.\/$/.test(path)) {
      throw new RuntimeError(`bad sub cgroup path: ${sub}`, { path: sub });
    }
    const problem = `error adding pid ${pids.join(" ")} to cgroups`;
    this.change(problem, unit, "AttachProcessesToUnit", "ssau", [unit, path, [...pids]]);
  }

  /** A call without a job. `problem`: what its failure means. */
  private change(problem: string, unit: string, member: string, signature: string, body: readonly Value[]) {
    try {
      this.bus.call({ ...MANAGER, member, signature, body });
    } catch (error) {
      const message = `${problem}: ${failureMessage(error)}`;
      throw new RuntimeError(message, { step: member, path: unit, cause: error });
    }
  }

  private resetFailed(unit: string): void {
    try {
      this.bus.call({ ...MANAGER, member: "ResetFailedUnit", signature: "s", body: [unit] });
    } catch (error) {
      // Most units have not failed.
      if (!(error instanceof BusError)) throw error;
    }
  }

  /** Queues a job and waits for its end. */
  private job(unit: string, verb: string, member: string, signature: string, body: readonly Value[]): void {
    if (!this.isSubscribed) {
      this.bus.addMatch(
        `type='signal',sender='${MANAGER.destination}',interface='${MANAGER.interface}',member='JobRemoved'`,
      );
      this.isSubscribed = true;
    }
    const {
      body: [job],
      sender,
    } = this.bus.request({ ...MANAGER, member, signature, body });
    // Anybody may send us a signal; only the one who took our job reports its end.
    const removed = this.bus.waitSignal(
      (signal) => signal.member === "JobRemoved" && signal.sender === sender && signal.body[1] === job,
      JOB_TIMEOUT_MS,
    );
    if (removed === undefined) {
      throw new RuntimeError(`Timeout waiting for systemd to ${verb} ${unit}`, {
        step: member,
        path: unit,
        hint: `systemd did not finish ${String(job)} in ${JOB_TIMEOUT_MS / 1000} s: see systemctl list-jobs`,
      });
    }
    const [, , , result] = removed.body;
    if (result === "done" || verb === "remove") return;
    this.resetFailed(unit);
    throw new RuntimeError(`error creating systemd unit \`${unit}\`: got \`${String(result)}\``, {
      step: member,
      path: unit,
      hint: `systemctl status ${unit} and journalctl -u ${unit} say more`,
    });
  }
}

/** sd_booted(3). Where nobody can tell, that is an error of its own: it is not for want of systemd. */
function isBootedWithSystemd(): boolean {
  return native("resolve_path", { path: "/run/systemd/system" }).path !== "";
}

function variant({ name, signature, value }: Property): Value {
  return [name, { signature, value }];
}

function connectSystem(euid: number): Bus {
  try {
    return new Bus(openStream(SYSTEM_BUS_PATH), { direct: false });
  } catch (error) {
    if (euid !== 0) throw error;
    try {
      return new Bus(openStream(SYSTEMD_PRIVATE_PATH), { direct: true });
    } catch {
      // The bus should be there: its error is the one to report.
      throw error;
    }
  }
}

/** Nobody listens. Other failures of the connection have other causes. */
function noBusHint(error: unknown, rootless: boolean): string | undefined {
  if (!(error instanceof RuntimeError)) return undefined;
  if (error.errno !== ERRNO.NOENT && error.errno !== ERRNO.CONNREFUSED) return error.hint;
  return rootless ? NO_SESSION_BUS : "dbus is not running: start it, or remove --systemd-cgroup";
}

function isUnitExists(error: unknown): boolean {
  return error instanceof BusError && error.errorName === "org.freedesktop.systemd1.UnitExists";
}

function hintFor(error: unknown): string | undefined {
  if (isUnitExists(error)) return "a container or service of that name is running: see systemctl status";
  if (error instanceof BusError && /AccessDenied|InteractiveAuthorizationRequired/.test(error.errorName)) {
    return "systemd does not let this user start units here: use a user session (rootless), or ask for a polkit rule";
  }
  return error instanceof RuntimeError ? error.hint : undefined;
}
