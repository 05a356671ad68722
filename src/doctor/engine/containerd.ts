/** containerd: config.toml, its CRI section, which `ctr` does not read. Pure. */

import { type Finding, finding } from "../finding.ts";
import { type EngineFacts, type Table, tableAt, textAt } from "./facts.ts";
import { findEngine, findRuntimes, readAll } from "./runtimes.ts";

/** By the version of the file. */
const PLUGINS: Readonly<Record<string, string>> = {
  2: "io.containerd.grpc.v1.cri",
  3: "io.containerd.cri.v1.runtime",
};

const SHIM = "io.containerd.runc.v2";

export function findContainerd(facts: EngineFacts): Finding[] {
  const { tables, findings } = readAll(facts, Bun.TOML.parse);
  const [configuration = {}] = tables;
  const version = String(configuration["version"] ?? 2);
  const plugin = PLUGINS[version] ?? (PLUGINS[3] as string);
  const cri = tableAt(configuration, "plugins", plugin, "containerd");
  // What the shim takes without being told.
  const runtimes = new Map([["runc", "runc"]]);
  const tablesOf = Object.entries(tableAt(cri, "runtimes")).map(
    ([name, table]) => [name, tableAt(table)] as const,
  );
  for (const [name, table] of tablesOf)
    runtimes.set(name, textAt(tableAt(table, "options"), "BinaryName") || "runc");
  const standard = textAt(cri, "default_runtime_name") || "runc";
  const section = `plugins.'${plugin}'.containerd.runtimes.bunc`;
  const entry = `version = ${version in PLUGINS ? version : 3}, [${section}] runtime_type = '${SHIM}', [${section}.options] BinaryName = '${facts.own}'`;
  return [
    findEngine(facts, "containerd"),
    ...findings,
    ...findRuntimes(facts, { runtimes, standard }, entry),
    ...tablesOf
      .filter(([name]) => name.includes("bunc"))
      .flatMap(([name, table]) => findOptions(facts, name, table)),
  ];
}

function findOptions({ systemd, place }: EngineFacts, name: string, table: Table): Finding[] {
  const type = textAt(table, "runtime_type");
  const asksSystemd = tableAt(table, "options")["SystemdCgroup"] === true;
  return [
    finding("engine", `runtime ${name}: runtime_type`, {
      ok: type === SHIM,
      found: type || "not set",
      without: "containerd does not start its shim for runc, which starts bunc",
      fix: `runtime_type = '${SHIM}' in ${place}`,
      required: true,
    }),
    finding("engine", `runtime ${name}: SystemdCgroup`, {
      ok: !asksSystemd || systemd,
      found: asksSystemd
        ? systemd
          ? "true, and systemd is pid 1"
          : "true, but systemd is not pid 1"
        : "false",
      without: "no cgroup can be made",
      fix: `SystemdCgroup = false in ${place}`,
      required: true,
    }),
  ];
}
