/** What a command tells its user without failing. */

export interface Warning {
  /** What is done instead, or what will not work. In runc's wording where runc has the warning. */
  message: string;
  /** JSON path of the member that it is about: `process.rlimits[2]`. Absent: it is not about one. */
  path?: string;
  /** The value that stands there, as JSON, shortened; `nothing` when it is missing. */
  found?: string;
}
