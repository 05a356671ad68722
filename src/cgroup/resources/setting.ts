/** Resources as values for the files of a cgroup, in the order in which they are written. */

import type { Warning } from "../../failure/warning.ts";
import { ERRNO } from "../../native/boundary.gen.ts";
import type { Integer64 } from "../../oci/json-number.ts";

/** One value for one file of a cgroup. */
export interface CgroupSetting {
  /** The v2 controller, or the v1 controller in whose hierarchy the file is. */
  controller: string;
  file: string;
  value: string;
  /** Config path that asked for it. */
  subject: string;
  /** errno numbers that are no error. */
  tolerate: readonly number[];
  /** Written instead where the file does not exist. */
  alternative: { file: string; value: string } | null;
}

/** A part of the resources that this kind of cgroup has no file for, and why it is left out. */
export interface IgnoredResource {
  subject: string;
  reason: string;
  /** The configuration contradicts itself, which is reported; that v2 has no file for something is not. */
  warn?: boolean;
}

/** Settings in the order in which they are written, and what was left out. */
export interface CgroupSettings {
  settings: CgroupSetting[];
  ignored: IgnoredResource[];
}

export const { NOENT: ENOENT, INVAL: EINVAL } = ERRNO;

export function setting(
  file: string,
  value: Integer64 | string,
  subject: string,
  more: { tolerate?: readonly number[]; alternative?: { file: string; value: Integer64 | string } } = {},
): CgroupSetting {
  return {
    controller: file.slice(0, file.indexOf(".")),
    file,
    value: String(value),
    subject: `linux.resources.${subject}`,
    tolerate: more.tolerate ?? [],
    alternative:
      more.alternative === undefined
        ? null
        : { file: more.alternative.file, value: String(more.alternative.value) },
  };
}

export function ignored(subject: string, reason: string): IgnoredResource {
  return { subject: `linux.resources.${subject}`, reason };
}

export function ignoredWarning({ subject, reason }: IgnoredResource): Warning {
  return { path: subject, message: `${subject} is ignored: ${reason}` };
}

export function warningsOf(ignored: readonly IgnoredResource[]): Warning[] {
  return ignored.filter(({ warn }) => warn).map(ignoredWarning);
}

/** runc takes 0 for "not set" in most integers of the resources. Compared as a 64-bit value. */
export function isSet(value: Integer64 | undefined): value is Integer64 {
  return value !== undefined && BigInt(value) !== 0n;
}
