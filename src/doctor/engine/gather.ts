/** Reads the configuration of an engine: of the system, or of an ordinary user. */

import { currentHost } from "../../host/current.ts";
import { native } from "../../native/call.ts";
import type { Engine, EngineFacts } from "./facts.ts";

interface Places {
  /** Files and folders of files, in the order in which they are read. */
  read: readonly string[];
  /** Where to write. */
  write: string;
}

export function gatherEngineFacts(engine: Engine): EngineFacts {
  const places = placesOf(engine, currentHost().euid === 0 ? undefined : userConfiguration());
  const files = new Map<string, string>();
  const unreadable: string[] = [];
  for (const path of places.read.flatMap(filesOf)) {
    try {
      const { found, text } = native("read_file", { path });
      if (found) files.set(path, text);
    } catch {
      unreadable.push(path);
    }
  }
  return {
    own: resolve("/proc/self/exe"),
    files,
    unreadable,
    place: places.write,
    resolve,
    onPath: (program) => Bun.which(program, { PATH: process.env["PATH"] ?? "" }) ?? "",
    systemd: resolve("/run/systemd/system") !== "",
  };
}

/** XDG Base Directory Specification. */
function userConfiguration(): string {
  return process.env["XDG_CONFIG_HOME"] || `${process.env["HOME"] ?? ""}/.config`;
}

/** Below /etc, or the user's configuration. */
const FILES = { docker: "docker/daemon.json", containerd: "containerd/config.toml" } as const;

function placesOf(engine: Engine, user: string | undefined): Places {
  if (engine !== "podman") {
    const file = `${user ?? "/etc"}/${FILES[engine]}`;
    return { read: [file], write: file };
  }
  const system = ["/usr/share/containers", "/etc/containers"];
  const folders = user === undefined ? system : [...system, `${user}/containers`];
  return {
    read: folders.flatMap((folder) => [`${folder}/containers.conf`, `${folder}/containers.conf.d/`]),
    write: `${folders.at(-1)}/containers.conf.d/bunc.conf`,
  };
}

/** Of a folder those that containers.conf(5) reads, in their order. */
function filesOf(path: string): string[] {
  if (!path.endsWith("/")) return [path];
  try {
    const { entries } = native("list_directory", { path });
    return entries
      .map(({ name }) => name)
      .filter((name) => name.endsWith(".conf"))
      .sort()
      .map((name) => `${path}${name}`);
  } catch {
    return [];
  }
}

function resolve(path: string): string {
  try {
    return native("resolve_path", { path }).path;
  } catch {
    return "";
  }
}
