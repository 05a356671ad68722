/** Docker: daemon.json (dockerd(8)). Pure. */

import type { Finding } from "../finding.ts";
import { type EngineFacts, tableAt, textAt } from "./facts.ts";
import { findEngine, findRuntimes, readAll } from "./runtimes.ts";

export function findDocker(facts: EngineFacts): Finding[] {
  const { tables, findings } = readAll(facts, JSON.parse);
  const [configuration = {}] = tables;
  // What dockerd finds without being told.
  const runtimes = new Map([["runc", "runc"]]);
  for (const [name, runtime] of Object.entries(tableAt(configuration, "runtimes"))) {
    runtimes.set(name, textAt(tableAt(runtime), "path"));
  }
  const standard = textAt(configuration, "default-runtime") || "runc";
  const entry = JSON.stringify({ runtimes: { bunc: { path: facts.own } } });
  return [findEngine(facts, "dockerd"), ...findings, ...findRuntimes(facts, { runtimes, standard }, entry)];
}
