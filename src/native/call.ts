/**
 * The typed way into the core: `native("spawn", { plan })`. JSON out, JSON or a Failure back; see
 * docs/BOUNDARY.md. The library is loaded by the first call.
 */
import { NativeError } from "../errors.ts";
import { type Calls, callNumbers, type Failure } from "./boundary.gen.ts";
import { loadLibrary } from "./library.ts";

/** Room for the largest reply. The pages that no reply touches are never made. */
const REPLY_CAPACITY = 8 * 1024 * 1024;

let call: ReturnType<typeof loadLibrary> | undefined;
let reply: Uint8Array | undefined;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function native<Name extends keyof Calls>(name: Name, request: Calls[Name][0]): Calls[Name][1] {
  call ??= loadLibrary();
  reply ??= new Uint8Array(REPLY_CAPACITY);
  const bytes = encoder.encode(JSON.stringify(request));
  const length = call(callNumbers[name], bytes, bytes.length, reply, reply.length);
  const answer: unknown = JSON.parse(decoder.decode(reply.subarray(0, Math.abs(length))));
  if (length < 0) throw nativeError(answer as Failure);
  return answer as Calls[Name][1];
}

function nativeError(failure: Failure): NativeError {
  // The words are only loaded when something has failed.
  const { failureError }: typeof import("../failure.ts") = require("../failure.ts");
  return new NativeError(failureError(failure), failure);
}
