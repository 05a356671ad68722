/**
 * The core's one call. In dist/bunc the core is part of the executable, linked at an address that the build wrote
 * into this program (build/link.ts): nothing is extracted or loaded. Run from its sources, the program opens
 * the library that `zig build library` made.
 */
import { dlopen, linkSymbols, type Pointer } from "bun:ffi";
import { abiFingerprint } from "./boundary.gen.ts";
import type { NativeCall } from "./linked.ts";

/** Addresses of the exports; numbers in what the build makes, which then has nothing of `builtLibrary`. */
declare const BUNC_ABI: number;
declare const BUNC_CALL: number;
declare const BUNC_REHEARSE: number;

const abi = { args: [], returns: "u32" } as const;
const call = { args: ["u32", "ptr", "u32", "ptr", "u32"], returns: "i32" } as const;

/** Throws Error if the core has another ABI than this program. */
export function loadLibrary(): NativeCall {
  const symbols = typeof BUNC_CALL === "number" ? linkedCore() : builtLibrary();
  const found = symbols.bunc_abi();
  if (found !== abiFingerprint) {
    throw new Error(`the native core has ABI ${found}, this program was built for ${abiFingerprint}`);
  }
  return symbols.bunc_call;
}

function linkedCore() {
  return linkSymbols({
    bunc_abi: { ptr: BUNC_ABI as Pointer, ...abi },
    bunc_call: { ptr: BUNC_CALL as Pointer, ...call },
  }).symbols;
}

function builtLibrary() {
  return dlopen(`${import.meta.dir}/../../zig-out/lib/libbunc.so`, { bunc_abi: abi, bunc_call: call })
    .symbols;
}

/** `bunc_rehearse` of the executable (zig/recording.zig); undefined: this is none, or was built without. */
export function linkedRehearsal(): NativeCall | undefined {
  if (typeof BUNC_REHEARSE !== "number") return undefined;
  return linkSymbols({ bunc_rehearse: { ptr: BUNC_REHEARSE as Pointer, ...call } }).symbols.bunc_rehearse;
}

export function builtRehearsal(): NativeCall {
  const library = `${import.meta.dir}/../../zig-out/lib/librecording.so`;
  return dlopen(library, { bunc_rehearse: call }).symbols.bunc_rehearse;
}
