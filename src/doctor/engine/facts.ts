/** What `doctor --engine` looks at: the files of an engine's configuration, and which executables are bunc. */

export type Engine = "docker" | "containerd" | "podman";

export interface EngineFacts {
  /** Path of this executable, without symbolic links. */
  own: string;
  /** Path → text, in the order in which the engine reads them. */
  files: ReadonlyMap<string, string>;
  /** Files that are there and that this user may not read. */
  unreadable: readonly string[];
  /** Where configuration is to be written. */
  place: string;
  /** A path without its symbolic links; "" where nothing is. */
  resolve(path: string): string;
  /** Absolute path of a program on PATH; "" where there is none. */
  onPath(program: string): string;
  /** systemd is pid 1. */
  systemd: boolean;
}

/** JSON or TOML that was read; its members may be anything. */
export type Table = Readonly<Record<string, unknown>>;

/** The table at a path of keys; empty where there is none. */
export function tableAt(table: unknown, ...keys: readonly string[]): Table {
  let at: unknown = table;
  for (const key of keys) at = isTable(at) ? at[key] : undefined;
  return isTable(at) ? at : {};
}

export function textAt(table: Table, key: string): string {
  const value = table[key];
  return typeof value === "string" ? value : "";
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether an executable is bunc: this one, or another copy of that name. */
export function isBunc(facts: EngineFacts, path: string): boolean {
  const absolute = path.startsWith("/") || path === "" ? path : facts.onPath(path);
  const resolved = absolute === "" ? "" : facts.resolve(absolute);
  return resolved !== "" && (resolved === facts.own || /\/bunc(-linux-\w+)?$/.test(resolved));
}
