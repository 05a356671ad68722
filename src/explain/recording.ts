/**
 * The commands of this process on a machine that does nothing (zig/recording.zig): what they would do to this machine, which is only
 * read. systemd is the one other party, and stands here (systemd.ts).
 */

import type { HostFacts } from "../host/host.ts";
import { callNumbers, type Plan } from "../native/boundary.gen.ts";
import { builtRehearsal, linkedRehearsal } from "../native/library.ts";
import { linked, type NativeCall, replaceCore } from "../native/linked.ts";
import type { Operation, Phase } from "./operation.ts";
import { recordedSystemd } from "./systemd.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** `control` of zig/recording.zig. */
const CONTROL = 0xffff_fffe;
const LEAST_INTEGER = -(2 ** 31);
const ROOM = 8 << 20;
/** f_type of statfs(2). */
const MAGIC = { v2: 0x63677270, v1: 0x27e0eb };

const ACTORS = { bunc: "bunc", stage_1: "bunc-init, stage 1", init: "bunc-init" } as const;

interface Report {
  operations: readonly (Omit<Operation, "phase" | "by"> & { by: keyof typeof ACTORS })[];
  wrong: string;
}

/** Directories have no text. */
export type MachineFiles = readonly { path: string; text: string | null }[];

export class Recording {
  readonly operations: Operation[] = [];
  /** Of the process that was made last; undefined: none was. */
  plan: Plan | undefined;
  phase: Phase = "create";
  readonly #rehearse: NativeCall = linked.rehearse ?? linkedRehearsal() ?? builtRehearsal();
  readonly #core = linked.core?.call;
  readonly #report = new Uint8Array(ROOM);
  readonly #systemd: (id: number) => NativeCall | undefined;

  /**
   * `descriptors`: of the caller's, from 0, how many the container gets. `files`: of a machine that is made up; null: of this one.
   */
  constructor(host: HostFacts, descriptors: number, files: MachineFiles | null) {
    const { v2MountPoint, hierarchies } = host.cgroup;
    const mounts = hierarchies.map(({ mountPoint }) => ({ path: mountPoint, magic: MAGIC.v1 }));
    if (v2MountPoint !== "") mounts.push({ path: v2MountPoint, magic: MAGIC.v2 });
    this.#control({ begin: { files, mounts, descriptors, working_directory: process.cwd() } });
    this.#systemd = recordedSystemd(host, {
      note: ({ detail, ...operation }) =>
        this.operations.push({ phase: this.phase, by: "bunc", ...operation, detail: withoutPids(detail) }),
      call: (id, request, length, out, capacity) => {
        const result = this.#rehearse(id, request, length, out, capacity);
        this.#take();
        return result;
      },
    });
  }

  /** Records what `act` does by calls of the core. Throws what it throws. */
  record<Result>(act: () => Result): Result {
    const putBack = replaceCore(this.#call, ROOM);
    try {
      return act();
    } finally {
      putBack();
    }
  }

  readonly #call: NativeCall = (id, request, length, out, capacity) => {
    if (id === callNumbers.spawn) this.plan = JSON.parse(decoder.decode(request.subarray(0, length))).plan;
    const core = this.#ownCore(id) ?? this.#systemd(id) ?? this.#rehearse;
    const result = core(id, request, length, out, capacity);
    const wrong = this.#take((operation) => this.operations.push(operation));
    if (result === LEAST_INTEGER || wrong !== "")
      throw new Error(`the recording of create is stuck: ${wrong}`);
    return result;
  };

  /** For what a process asks about itself: its directory, and from the image more (zig/image/calls.zig). */
  #ownCore(id: number): NativeCall | undefined {
    const { environment, is_inherited, working_directory } = callNumbers;
    const own: readonly number[] = [environment, is_inherited, working_directory];
    return own.includes(id) ? this.#core : undefined;
  }

  #take(keep: (operation: Operation) => void = () => {}): string {
    for (;;) {
      const { operations, wrong } = this.#control({ begin: null });
      for (const { by, target, detail, ...operation } of operations) {
        const place = { target: withoutPids(target), detail: withoutPids(detail) };
        keep({ phase: this.phase, by: ACTORS[by], ...operation, ...place });
      }
      if (operations.length === 0) return wrong;
    }
  }

  #control(request: object): Report {
    const bytes = encoder.encode(JSON.stringify(request));
    const length = this.#rehearse(CONTROL, bytes, bytes.length, this.#report, this.#report.length);
    if (length < 0) throw new Error("the recording has no answer");
    return JSON.parse(decoder.decode(this.#report.subarray(0, length)));
  }
}

/** `no_process` of zig/recording.zig, and the numbers after it. */
const PIDS = /\b41943[0-9]{2}\b/g;

/** Of the container's processes, and our own in the names of temporary files (src/state/store.ts). */
function withoutPids(text: string): string {
  const own = `.json.${process.pid}`;
  const known = text.endsWith(own) ? `${text.slice(0, -own.length)}.json.PID` : text;
  return known.replaceAll(PIDS, "PID");
}
