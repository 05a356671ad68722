/**
 * What the caller gave this process, recorded before Bun changed it: by the entry stub (zig/entry.zig), in the
 * variable BUNC_START (format: zig/entry/record.zig). Only dist/bunc has the stub; elsewhere there is no record.
 */

export interface StartRecord {
  /** RLIMIT_NOFILE as decimal texts; "18446744073709551615" is infinity. Bun raises the soft limit. */
  noFile: { soft: string; hard: string };
  /** The working directory had been deleted; the process is in another one now, of which relative paths find nothing. */
  cwdDeleted: boolean;
  /** Whether a file descriptor was open; undefined for those that the record does not cover (256 and above). */
  isOpen(fd: number): boolean | undefined;
}

const FORMAT = /^2,([0-9]{1,20}),([0-9]{1,20}),([01]),([0-9a-f]{64})$/;

/** undefined: no record, or one of another version. */
export function parseStartRecord(text: string | undefined): StartRecord | undefined {
  const fields = FORMAT.exec(text ?? "");
  if (fields === null) return undefined;
  const [, soft = "", hard = "", cwd, descriptors = ""] = fields;
  return {
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
 * The record in `environment`, which loses it, and with it the settings that the stub made for Bun: what is started
 * from here must not inherit them. The caller's own variables of those names never came this far.
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
export const startRecord = takeStartRecord(process.env);
