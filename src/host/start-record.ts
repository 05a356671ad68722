/**
 * What the caller gave this process, recorded before Bun changed it: by the entry stub (zig/entry.zig), in the
 * variable BUNC_START (format: zig/entry/record.zig). Only dist/bunc has the stub; elsewhere there is no record.
 */

/** Why a start was the normal one, in the order of `Reason` in zig/image.zig. */
const reasons = ["none", "asked", "processor", "page_size", "memory", "recording"] as const;

export type StartKind = "image" | (typeof reasons)[number];

interface StartRecord {
  /** From the image, or why not: docs/decisions/0007-image.md. */
  kind: StartKind;
  /** RLIMIT_NOFILE as decimal texts; "18446744073709551615" is infinity. Bun raises the soft limit. */
  noFile: { soft: string; hard: string };
  /** The working directory had been deleted; the process is in another one now, of which relative paths find nothing. */
  cwdDeleted: boolean;
  /** Whether a file descriptor was open; undefined for those that the record does not cover (256 and above). */
  isOpen(fd: number): boolean | undefined;
}

const FORMAT = /^3,([0-5]),([0-9]{1,20}),([0-9]{1,20}),([01]),([0-9a-f]{64})$/;

/** undefined: no record, or one of another version. */
export function parseStartRecord(text: string | undefined): StartRecord | undefined {
  const fields = FORMAT.exec(text ?? "");
  if (fields === null) return undefined;
  const [, reason, soft = "", hard = "", cwd, descriptors = ""] = fields;
  return {
    kind: reasons[Number(reason)] as StartKind,
    noFile: { soft, hard },
    cwdDeleted: cwd === "1",
    isOpen(fd) {
      const digit = descriptors[fd >> 2];
      if (digit === undefined) return undefined;
      return ((Number.parseInt(digit, 16) >> (fd & 3)) & 1) === 1;
    },
  };
}

/**
 * Takes the record out of `environment`, and the settings that the stub made for Bun: programs started from
 * here must not inherit them. The stub has already dropped the caller's variables of those names.
 */
export function takeStartRecord(environment: Record<string, string | undefined>): StartRecord | undefined {
  const text = environment["BUNC_START"];
  if (text === undefined) return undefined;
  for (const name of Object.keys(environment)) {
    if (/^(BUN|MIMALLOC)_|^BUNC_START$/.test(name)) delete environment[name];
  }
  return parseStartRecord(text);
}

/** Of this process. */
export let startRecord = takeStartRecord(process.env);

/** For a process that goes on from the image of another. */
export function replaceStartRecord(record: StartRecord): void {
  startRecord = record;
}
