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

/** `reply`: room for any usual reply. */
export const linked: { core?: { call: NativeCall; reply: Uint8Array } } = {};
