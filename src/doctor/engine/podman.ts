/** Podman and Buildah: containers.conf(5), of which each file changes what those before it say. Pure. */

import { type Finding, finding } from "../finding.ts";
import { type EngineFacts, isBunc, tableAt } from "./facts.ts";
import { findEngine, findRuntimes, readAll } from "./runtimes.ts";

/** Lists of what a runtime can do, by its name; what podman does without. */
const ABILITIES = [
  ["runtime_supports_json", "errors of bunc are shown as text, without their causes"],
  ["runtime_supports_nocgroups", "podman run --cgroups=disabled fails"],
] as const;

export function findPodman(facts: EngineFacts): Finding[] {
  const { tables, findings } = readAll(facts, Bun.TOML.parse);
  const engines = tables.map((table) => tableAt(table, "engine"));
  const runtimes = new Map([["runc", "runc"]]);
  for (const engine of engines) {
    for (const [name, paths] of Object.entries(tableAt(engine, "runtimes"))) {
      // Of several paths, podman takes the first that is there.
      const list = Array.isArray(paths) ? paths.filter((path) => typeof path === "string") : [];
      runtimes.set(name, list.find((path) => facts.resolve(path) !== "") ?? list[0] ?? "");
    }
  }
  const last = (key: string) => engines.findLast((engine) => engine[key] !== undefined)?.[key];
  const runtime = last("runtime");
  const standard = typeof runtime === "string" ? runtime : "crun";
  // It may be a path.
  if (standard.startsWith("/")) runtimes.set(standard, standard);
  const ours = [...runtimes].find(([, path]) => isBunc(facts, path))?.[0];
  const entry = `[engine.runtimes] bunc = ["${facts.own}"]`;
  return [
    findEngine(facts, "podman"),
    ...findings,
    ...findRuntimes(facts, { runtimes, standard }, entry),
    ...(ours === undefined
      ? []
      : ABILITIES.map(([key, without]) => findAbility(facts, key, without, last(key), ours))),
  ];
}

function findAbility(
  { place }: EngineFacts,
  key: string,
  without: string,
  value: unknown,
  runtime: string,
): Finding {
  const name = runtime.slice(runtime.lastIndexOf("/") + 1);
  const list: unknown[] = Array.isArray(value) ? value : [];
  // podman's own lists have it.
  const isKnown =
    list.includes(name) || (value === undefined && name === "runc" && key === "runtime_supports_json");
  return finding("engine", key, {
    ok: isKnown,
    found: isKnown ? `has ${name}` : `does not have ${name}`,
    without,
    fix: `add "${name}" to ${key} in ${place}`,
  });
}
