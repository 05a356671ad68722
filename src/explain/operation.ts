/** What `explain` lists: one operation of the kernel, who does it, and the config path that asks for it. */

/** `bunc` itself, or a stage of bunc-init (docs/ARCHITECTURE.md, Processes). */
type Actor = "bunc" | "bunc-init, stage 1" | "bunc-init";

/** Which command does it. */
export type Phase = "create" | "start";

export interface Operation {
  phase: Phase;
  by: Actor;
  /** System call, or "dbus" for what systemd is asked. */
  call: string;
  /** File, directory, name: what it is done on; "" where there is nothing to name. */
  target: string;
  /** Flags and values, in words of the man pages. */
  detail: string;
  /** Config path; "" for what no field asks for. */
  subject: string;
}
