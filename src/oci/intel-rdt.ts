/** linux.intelRdt: the lines that it asks for in the schemata file of its group. config-linux.md#intelrdt */

import type { LinuxConfig } from "./linux.ts";

export type IntelRdtConfig = NonNullable<LinuxConfig["intelRdt"]>;

/** One line for the group's schemata file, and the config path that asks for it. */
export interface SchemataLine {
  line: string;
  subject: string;
}

const SUBJECT = "linux.intelRdt";

/** The specification's order: cache, bandwidth, then `schemata`. */
export function schemataLines({ l3CacheSchema, memBwSchema, schemata = [] }: IntelRdtConfig): SchemataLine[] {
  const lines = [
    { line: l3CacheSchema, subject: `${SUBJECT}.l3CacheSchema` },
    { line: memBwSchema, subject: `${SUBJECT}.memBwSchema` },
    ...schemata.map((line, index) => ({ line, subject: `${SUBJECT}.schemata[${index}]` })),
  ];
  return lines.filter(({ line }) => line !== "");
}
