/**
 * The core, once it is linked: a module that exists once (build/parts.ts), because each part of the program that linked
 * it again would take 270 page faults for that.
 */

/** `bunc_call`: length of the reply in `out`, or minus the length of a Failure. See docs/BOUNDARY.md. */
export type NativeCall = (
  id: number,
  request: Uint8Array,
  length: number,
  out: Uint8Array,
  capacity: number,
) => number;

/** Makes one call in place of who asked for it, and hands on what comes of it (--debug). */
type CallObserver = (name: string, call: () => unknown, request: object) => unknown;

interface Linked {
  /** `reply`: room for any usual reply. */
  core?: { call: NativeCall; reply: Uint8Array };
  /** The calls that it makes itself are not observed. */
  observe?: CallObserver | undefined;
}

export const linked: Linked = {};
