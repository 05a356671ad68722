/** The `intel_rdt` part of the statistics of `events`, from the files of resctrl, in the shape of runc's types/events.go. Pure. */

/** Text of a file below the resctrl mount; undefined where there is none. */
type ReadRdtFile = (path: string, file: string) => string | undefined;

/** Monitoring counters of each L3 domain, in bytes. */
const BANDWIDTH = ["mbm_total_bytes", "mbm_local_bytes"];
const OCCUPANCY = ["llc_occupancy"];

/**
 * `group`: of the container, below the mount. `monitored`: the group whose counters are reported, itself or
 * its monitoring group. `domains`: the directories of the latter's mon_data.
 */
export function rdtStats(
  read: ReadRdtFile,
  group: string,
  monitored: string,
  domains: readonly string[],
): object {
  const lines = (path: string) => (read(path, "schemata") ?? "").trim().split("\n");
  const lineOf = (path: string, resource: string) =>
    lines(path)
      .findLast((line) => line.includes(resource))
      ?.trim() ?? "";
  const cache = info(read, "info/L3", ["cbm_mask", "min_cbm_bits", "num_closids"]);
  const bandwidth = info(read, "info/MB", ["bandwidth_gran", "delay_linear", "min_bandwidth", "num_closids"]);
  const counted = (read("info/L3_MON", "mon_features") ?? "").split("\n");
  const counters = (names: readonly string[]) => {
    const known = names.filter((name) => counted.includes(name));
    if (known.length === 0) return undefined;
    return domains.map((domain) =>
      Object.fromEntries(
        names.map((name) => [
          name,
          known.includes(name) ? Number(read(`${join(monitored, "mon_data")}/${domain}`, name) ?? 0) : 0,
        ]),
      ),
    );
  };
  const mbm = counters(BANDWIDTH);
  const cmt = counters(OCCUPANCY);
  return {
    ...(cache === undefined
      ? {}
      : {
          l3_cache_info: cache,
          l3_cache_schema_root: lineOf("", "L3"),
          l3_cache_schema: lineOf(group, "L3"),
        }),
    ...(bandwidth === undefined
      ? {}
      : {
          mem_bw_info: bandwidth,
          mem_bw_schema_root: lineOf("", "MB"),
          mem_bw_schema: lineOf(group, "MB"),
        }),
    schemata: lines(group),
    ...(mbm === undefined ? {} : { mbm_stats: mbm }),
    ...(cmt === undefined ? {} : { cmt_stats: cmt }),
  };
}

/** The mask is text, the rest are numbers; what is 0 or missing is left out. */
function info(
  read: ReadRdtFile,
  path: string,
  files: readonly string[],
): Record<string, string | number> | undefined {
  if (read(path, "num_closids") === undefined) return undefined;
  const members: [string, string | number][] = [];
  for (const file of files) {
    const text = read(path, file)?.trim() ?? "";
    if (text === "" || text === "0") continue;
    members.push([file, file === "cbm_mask" ? text : Number(text)]);
  }
  return Object.fromEntries(members);
}

export function join(group: string, name: string): string {
  return group === "" ? name : `${group}/${name}`;
}
