/**
 * The state directory: `<root>/<id>/` with state.json, config.json and, until the container has been started,
 * start.sock. Every change is made under the directory's lock and atomically.
 */

import { NativeError } from "../failure/errors.ts";
import { containerDoesNotExist, containerExists } from "../failure/messages.ts";
import { currentHost, isRootless } from "../host/current.ts";
import { askEach } from "../native/ask-each.ts";
import type { Document } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import { checkRecord, parseRecord, type StateRecord, serializeRecord } from "./record.ts";

/** runc's modes: entries may be passed through (0711) but not listed by others; files are the owner's. */
const DIRECTORY_MODE = 0o711;
const ROOTLESS_ROOT_MODE = 0o1700;
const FILE_MODE = 0o600;

/** The directory that holds the containers' directories. */
interface StateRoot {
  path: string;
  /** Given with --root: then it must be there for `list`. */
  explicit: boolean;
  /**
   * It is below $XDG_RUNTIME_DIR: made with mode 0700 and the sticky bit, which keeps it from being cleaned up (XDG Base
   * Directory Specification).
   */
  sticky: boolean;
}

/** Where states are: --root, or the default for this user. The host is only read for that. */
export function stateRoot(explicit: string | undefined): StateRoot {
  if (explicit !== undefined) return { path: explicit, explicit: true, sticky: false };
  const directory = process.env["XDG_RUNTIME_DIR"];
  if (!directory || !isRootless(currentHost())) return { path: "/run/runc", explicit: false, sticky: false };
  return { path: `${directory}/runc`, explicit: false, sticky: true };
}

/** The state directory of one container, present or not. */
export class StateDirectory {
  readonly id: string;
  readonly path: string;
  /** What holds the lock; null: we do not have it. */
  #lock: number | null = null;

  constructor(root: StateRoot, id: string) {
    this.id = id;
    this.path = `${root.path}/${id}`;
  }

  get stateFile(): string {
    return `${this.path}/state.json`;
  }
  get configFile(): string {
    return `${this.path}/config.json`;
  }
  get startSocket(): string {
    return `${this.path}/start.sock`;
  }
  /** What the container has at /run/notify, if it was created for a service manager. */
  get notifyDirectory(): string {
    return `${this.path}/notify`;
  }

  /** Made and locked. Throws "container with given ID already exists". */
  create(root: StateRoot): void {
    native("make_directory", {
      path: root.path,
      mode: root.sticky ? ROOTLESS_ROOT_MODE : DIRECTORY_MODE,
      parents: true,
    });
    const made = native("make_directory", { path: this.path, mode: DIRECTORY_MODE, parents: false });
    if (!made.created) throw containerExists(this.id);
    try {
      this.lock();
    } catch (error) {
      // Unless it is gone, it stands there and nobody has put anything into it.
      if (error instanceof NativeError) native("remove_empty_directory", { path: this.path });
      throw error;
    }
  }

  /**
   * Waits for the lock, and holds it until `release` or the end of this process. Throws "container does not exist" when
   * the directory is gone.
   */
  lock(): void {
    if (!this.lockIfThere()) throw containerDoesNotExist(this.id);
  }

  /** As `lock`, also where it is held already; false when the directory is gone. */
  lockIfThere(): boolean {
    if (this.#lock !== null) return true;
    this.#lock = native("lock_directory", { path: this.path, wait: true }).fd;
    return this.#lock !== null;
  }

  /** As `lock`, without waiting: false when another process holds it. */
  tryLock(): boolean {
    const { fd, busy } = native("lock_directory", { path: this.path, wait: false });
    if (fd === null && !busy) throw containerDoesNotExist(this.id);
    this.#lock = fd;
    return !busy;
  }

  /** Also where it is not held. */
  release(): void {
    if (this.#lock !== null) native("close_fd", { fd: this.#lock });
    this.#lock = null;
  }

  /** Undefined: there is no state file. */
  tryLoad(): StateRecord | undefined {
    const [record] = loadRecords([this]);
    if (record instanceof Error) throw record;
    return record;
  }

  save(record: StateRecord): void {
    native("write_file", { path: this.stateFile, text: serializeRecord(record), mode: FILE_MODE });
  }

  saveConfig(text: string): void {
    native("write_file", { path: this.configFile, text, mode: FILE_MODE });
  }

  /** Whether a process was made for this container: the configuration is stored right after that. */
  hasConfig(): boolean {
    return native("resolve_path", { path: this.configFile }).path !== "";
  }

  /** The configuration as create found it. */
  loadConfig(): string {
    const file = native("read_file", { path: this.configFile });
    if (!file.found) throw containerDoesNotExist(this.id);
    return file.text;
  }

  /** Whether the directory itself is there, with or without a state file. */
  exists(): boolean {
    return native("resolve_path", { path: this.path }).directory;
  }

  /** The configuration goes first: cut off at any point, what is left is a state that `delete` understands. */
  remove(): void {
    native("remove_file", { path: this.configFile });
    native("remove_directory", { path: this.path });
  }
}

/** Containers whose records are read at once, at most, and bytes of those, but for a single longer one. */
const AT_ONCE_MAX = 64;
const AT_ONCE_BYTES = 256 * 1024;

/** The records of the first of these containers; undefined: there is no state file; an error: why it cannot be read. */
export function loadRecords(directories: readonly StateDirectory[]): (StateRecord | undefined | Error)[] {
  const paths = directories.slice(0, AT_ONCE_MAX).map(({ stateFile }) => stateFile);
  const read = (some: readonly string[]) =>
    native("read_documents", { paths: some, size: AT_ONCE_BYTES }).documents;
  return askEach(paths, read).map((document, index) =>
    document instanceof Error ? document : recordIn(document, paths[index] as string),
  );
}

function recordIn(document: Document, path: string): StateRecord | undefined | Error {
  if ("missing" in document) return undefined;
  try {
    return "value" in document ? checkRecord(document.value, path) : parseRecord(document.text, path);
  } catch (error) {
    return error as Error;
  }
}
