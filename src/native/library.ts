/**
 * Loads libbunc.so. The library is part of the executable and never touches the disk: its bytes go into a
 * sealed memfd and are opened from there ($TMPDIR may be missing, read-only, noexec, or somebody else's).
 */
import { dlopen } from "bun:ffi";
import libraryBase64 from "../../zig-out/lib/libbunc.so.b64" with { type: "text" };
import { abiFingerprint } from "./boundary.gen.ts";

/** `bunc_call`: length of the reply in `out`, or minus the length of a Failure. See docs/BOUNDARY.md. */
type NativeCall = (
  id: number,
  request: Uint8Array,
  length: number,
  out: Uint8Array,
  capacity: number,
) => number;

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE. */
const ALL_SEALS = 15;

export function loadLibrary(): NativeCall {
  const libc = openLibc();
  const bytes = Uint8Array.fromBase64(libraryBase64);
  const name = new TextEncoder().encode("libbunc\0");
  const fd = libc.memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw new Error("cannot load the native library: memfd_create failed");
  const written = Number(libc.write(fd, bytes, bytes.length));
  if (written !== bytes.length) throw new Error(`cannot load the native library: wrote ${written} bytes`);
  libc.fcntl(fd, F_ADD_SEALS, ALL_SEALS);
  const { symbols } = dlopen(`/proc/self/fd/${fd}`, {
    bunc_abi: { args: [], returns: "u32" },
    bunc_call: { args: ["u32", "ptr", "u32", "ptr", "u32"], returns: "i32" },
  });
  libc.close(fd);
  const found = symbols.bunc_abi();
  if (found !== abiFingerprint) {
    throw new Error(`the native library has ABI ${found}, this program was built for ${abiFingerprint}`);
  }
  return symbols.bunc_call;
}

function openLibc() {
  const functions = {
    memfd_create: { args: ["ptr", "u32"], returns: "i32" },
    write: { args: ["i32", "ptr", "u64"], returns: "i64" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  } as const;
  // Which C library this process already runs on: opening it again only counts a reference.
  const names = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];
  for (const name of names) {
    try {
      return dlopen(name, functions).symbols;
    } catch {
      // Not this one: the next, or the error below.
    }
  }
  throw new Error(`cannot load the native library: none of ${names.join(", ")} is there`);
}
