/**
 * The core, once it is linked. The module exists once (build/parts.ts), because each part of the program that
 * linked the core again would take 270 page faults.
 */

/** `bunc_call`: length of the reply in `out`, or minus the length of a Failure. See docs/BOUNDARY.md. */
export type NativeCall = (
  id: number,
  request: Uint8Array,
  length: number,
  out: Uint8Array,
  capacity: number,
) => number;

/** Makes one call in place of the caller, and returns its result (--debug). */
type CallObserver = (name: string, call: () => unknown, request: object) => unknown;

interface Linked {
  /** `reply`: room for any usual reply. */
  core?: { call: NativeCall; reply: Uint8Array } | undefined;
  /** `bunc_rehearse`, in an image: what is linked later needs memory that is written and then executed. */
  rehearse?: NativeCall;
  /** Its own calls are not observed. */
  observe?: CallObserver | undefined;
}

export const linked: Linked = {};

/** Puts another core in its place. `room`: bytes for its replies. → what puts this one back. */
export function replaceCore(call: NativeCall, room: number): () => void {
  const { core } = linked;
  linked.core = { call, reply: new Uint8Array(room) };
  return () => {
    linked.core = core;
  };
}
