/** What a command reports without failing. */

export interface Warning {
  /** What is done instead, or what will not work. In runc's wording if runc has the warning. */
  message: string;
  /** JSON path of the member concerned: `process.rlimits[2]`. Absent: there is none. */
  path?: string;
  /** Its value as JSON, shortened; `nothing` if it is missing. */
  found?: string;
}
