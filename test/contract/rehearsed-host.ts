/** The core of the bunc process on a kernel that does nothing (zig/rehearsal_library.zig), instead of the real one. */

import { dlopen } from "bun:ffi";
import { join } from "node:path";
import { found } from "../../src/host/found.ts";
import { type NativeCall, replaceCore } from "../../src/native/linked.ts";
import { projectRoot } from "../harness/project.ts";

export interface HostFiles {
  /** Absent for a directory. */
  files: readonly { path: string; text: string | null }[];
  /** `magic`: f_type of statfs(2). */
  mounts: readonly { path: string; magic: number }[];
  /** The answers of each CRIU that will be started. */
  criu?: readonly (readonly CriuAnswer[])[] | undefined;
}

export interface CriuAnswer {
  /** base64 of a criu_resp. */
  message: string;
  /** The pid of the process that it has restored at that point. */
  restored?: number;
  /** The name of a descriptor that is passed with it. */
  passes?: string;
}

interface NotedCall {
  /** The call of the core that made it. */
  subject: string;
  text: string;
  /** The errnos with which it may fail. */
  errnos: readonly number[];
}

interface Report {
  calls: readonly NotedCall[];
  /** What success requires. */
  effects: readonly string[];
  /** The open descriptors, processes and files. */
  held: readonly string[];
  /** The call that failed was repeated at once. */
  repeated: boolean;
  /** The fault had no call to act on. */
  unchanged: boolean;
  /** An error that must never happen; "" if there was none. */
  wrong: string;
}

export interface Fault {
  index: number;
  errno: number;
}

const REPORT_CAPACITY = 8 << 20;
const LEAST_INTEGER = -(2 ** 31);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class RehearsedHost {
  readonly #library = dlopen(join(projectRoot, "zig-out/lib/librehearsal.so"), {
    rehearsal_begin: { args: ["ptr", "u32"], returns: "bool" },
    rehearsal_watch: { args: ["bool", "i32", "u16"], returns: "void" },
    rehearsal_call: { args: ["u32", "ptr", "u32", "ptr", "u32"], returns: "i32" },
    rehearsal_beside: { args: ["u32", "ptr", "u32", "ptr", "u32"], returns: "i32" },
    rehearsal_report: { args: ["ptr", "u32"], returns: "u32" },
  }).symbols;
  readonly #reply = new Uint8Array(REPORT_CAPACITY);
  /** The core for another process on this host: its calls are not counted. */
  readonly uncounted: NativeCall = this.#library.rehearsal_beside;
  #putBack = () => {};

  /** From here on this process uses the real machine again, and the real core if it had linked it. */
  end(): void {
    this.#putBack();
    found.host = undefined;
  }

  /** From here on this process uses the rehearsed host. */
  begin(host: HostFiles): void {
    const json = encoder.encode(JSON.stringify(host));
    if (!this.#library.rehearsal_begin(json, json.length)) throw new Error("not a host");
    const call: NativeCall = (id, request, length, out, capacity) => {
      const result = this.#library.rehearsal_call(id, request, length, out, capacity);
      if (result === LEAST_INTEGER) throw new Stuck();
      return result;
    };
    this.#putBack();
    this.#putBack = replaceCore(call, REPORT_CAPACITY);
  }

  /** Calls are counted from here on. */
  watch(notes: boolean, fault?: Fault): void {
    this.#library.rehearsal_watch(notes, fault?.index ?? -1, fault?.errno ?? 0);
  }

  report(): Report {
    const length = this.#library.rehearsal_report(this.#reply, this.#reply.length);
    if (length === 0) throw new Error("the report has no room");
    return JSON.parse(decoder.decode(this.#reply.subarray(0, length)));
  }
}

/** A call that would wait forever. */
class Stuck extends Error {}
