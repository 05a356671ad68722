/**
 * The typed way into the core: `native("spawn", { plan })`. JSON out, JSON or a Failure back; see
 * docs/BOUNDARY.md. The library is loaded by the first call.
 */
import { NativeError } from "../failure/errors.ts";
import { type Calls, callNumbers, type Failure } from "./boundary.gen.ts";
import { loadLibrary } from "./library.ts";
import { linked } from "./linked.ts";

/**
 * Room for any usual reply; pages that no reply touches are never allocated. A second call fetches a larger
 * one.
 */
const REPLY_CAPACITY = 8 * 1024 * 1024;
/** The number of that call: `take_waiting` of zig/dispatch.zig. */
const TAKE_WAITING = 0xffff_ffff;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Makes one call of the core. Throws NativeError for a Failure. */
export function native<Name extends keyof Calls>(name: Name, request: Calls[Name][0]): Calls[Name][1] {
  const { observe } = linked;
  if (observe === undefined) return call(name, request);
  linked.observe = undefined;
  try {
    return observe(name, () => call(name, request), request) as Calls[Name][1];
  } finally {
    linked.observe = observe;
  }
}

function call<Name extends keyof Calls>(name: Name, request: Calls[Name][0]): Calls[Name][1] {
  linked.core ??= { call: loadLibrary(), reply: new Uint8Array(REPLY_CAPACITY) };
  const { call: core, reply } = linked.core;
  const bytes = encoder.encode(JSON.stringify(request));
  let out = reply;
  let length = core(callNumbers[name], bytes, bytes.length, out, out.length);
  if (length > out.length) {
    out = new Uint8Array(length);
    length = core(TAKE_WAITING, bytes, 0, out, length);
  }
  const answer: unknown = JSON.parse(decoder.decode(out.subarray(0, Math.abs(length))));
  if (length < 0) throw nativeError(answer as Failure);
  return answer as Calls[Name][1];
}

function nativeError(failure: Failure): NativeError {
  // Messages and hints are read after a failure: with them, and lenient.ts, each start from the image took 6% longer.
  const { failureError }: typeof import("../failure/failure.ts") = require("../failure/failure.ts");
  return new NativeError(failureError(failure), failure);
}
