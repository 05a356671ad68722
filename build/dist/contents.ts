/** What a release is made of. */

/** As Node.js, Debian and the kernel call the machines. */
export const MACHINES = {
  x64: { debian: "amd64", kernel: "x86_64" },
  arm64: { debian: "arm64", kernel: "aarch64" },
} as const;
export type Machine = keyof typeof MACHINES;

export interface Release {
  version: string;
  /** Seconds since 1970: of the commit, or SOURCE_DATE_EPOCH. */
  time: number;
  executables: ReadonlyMap<Machine, Uint8Array>;
  /** File name → Markdown. */
  manPages: ReadonlyMap<string, string>;
  /** File name → text. */
  licences: ReadonlyMap<string, string>;
  /** JSON Schema of config.json. */
  schema: string;
  notes: string;
  components: readonly Component[];
}

/** Of what is in the executable. */
export interface Component {
  name: string;
  version: string;
  /** SPDX: an identifier, or an expression of several. */
  licence: string;
}
