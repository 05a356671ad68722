//! Frames between the host (TypeScript, `channel.ts`) and the guest's agent over one virtio-serial port.
//!
//!     host                                guest
//!     ping ─────────────────────────────▶
//!          ◀───────────────────────────── pong
//!     run 7 (cwd, argv, env, stdin) ────▶ fork, exec in its own cgroup
//!          ◀───────────────────────────── stdout 7, stderr 7 … exit 7 (code, signal) | failure 7 (text)
//!     kill 7 ───────────────────────────▶ cgroup.kill
//!
//! Header: kind u8, three zero bytes, command id u32, payload length u32; little endian. Commands run side by
//! side, told apart by their id.
pub const header_size = 12;
pub const payload_max = 8 << 20;

pub const HostKind = enum(u8) { ping = 1, run = 2, kill = 3, _ };
pub const GuestKind = enum(u8) { pong = 1, stdout = 2, stderr = 3, exit = 4, failure = 5 };

/// Fixed start of a `run` payload. Behind it, zero-terminated: the working directory, the arguments, the
/// environment; the rest is standard input.
pub const RunHeader = extern struct { argument_count: u32, environment_count: u32 };
pub const ExitPayload = extern struct { code: u32, signal: u32 };
