/** Everything that is to be said about a document by itself: its schema, its rules, and what would be made of it. */

import { placement, planCgroups } from "../cgroup/create.ts";
import { warningsOf } from "../cgroup/resources/setting.ts";
import { RuntimeError } from "../failure/errors.ts";
import type { Warning } from "../failure/warning.ts";
import { portableHost } from "../host/portable.ts";
import type { Config } from "../oci/config.ts";
import { checkDocument, type Reading } from "../oci/document.ts";
import { formatIssue, type Issue } from "../oci/issue.ts";
import { type Place, placesIn } from "../oci/json-places.ts";
import type { ProcessConfig } from "../oci/process.ts";
import { examineProcess } from "../oci/process-document.ts";
import { resolveConfig } from "../oci/resolved/config.ts";
import { type ResourcesConfig, ResourcesSchema } from "../oci/resources.ts";
import { type SeccompConfig, SeccompSchema } from "../oci/seccomp.ts";
import { examineConfig } from "../oci/validate.ts";
import { planCapabilities } from "../plan/capabilities.ts";
import { type CompiledSeccomp, planCreate } from "../plan/plan.ts";
import { compileSeccomp } from "./seccomp.ts";

export type DocumentKind = "config" | "process" | "resources" | "seccomp";

export interface Located extends Place {
  /** JSON path; "": the document itself. */
  path: string;
  /** What is wrong, in a sentence. */
  text: string;
  /** As JSON, shortened; absent where the sentence says it all. */
  found?: string;
  accepted?: string;
  /** What was probably meant, as JSON. */
  suggestion?: string;
}

export interface Findings {
  errors: Located[];
  warnings: Located[];
}

/** `document` names it. Text that is not JSON has one error. */
export function findingsOf(kind: DocumentKind, document: string, text: string): Findings {
  let found: Reading;
  try {
    found = examine(kind, document, text);
  } catch (error) {
    const [mistake] = (error instanceof RuntimeError && error.configErrors) || [];
    if (mistake?.line === undefined || mistake.column === undefined) throw error;
    const { line, column, found: piece = "", accepted } = mistake;
    const sentence = `not JSON: found ${piece}, accepted: ${accepted}`;
    return {
      errors: [{ line, column, path: "", text: sentence, found: piece, accepted }],
      warnings: [],
    };
  }
  const placeOf = placesIn(text);
  return {
    errors: found.issues.map((issue) => locateIssue(issue, placeOf)).sort(byPlace),
    warnings: unique(found.warnings)
      .map(({ path = "", message, found: value }) => ({
        ...placeOf(path),
        path,
        text: message,
        ...(value === undefined ? {} : { found: value }),
      }))
      .sort(byPlace),
  };
}

function byPlace(a: Place, b: Place): number {
  return a.line - b.line || a.column - b.column;
}

function locateIssue(issue: Issue, placeOf: (path: string) => Place): Located {
  const { path, found, accepted, suggestion } = issue;
  const isSentence = accepted === "" && issue.message !== undefined;
  const located = { ...placeOf(path), path };
  if (isSentence) return { ...located, text: issue.message as string };
  return {
    ...located,
    text: formatIssue({ ...issue, path: "" }),
    found,
    accepted,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** The same can be seen by two readers. */
function unique(warnings: readonly Warning[]): Warning[] {
  const seen = new Set<string>();
  return warnings.filter(({ path, message }) => {
    const key = `${path} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Made when it is asked for: nothing is known of the environment before. */
const facts = () => ({ host: portableHost(0), bundle: "/", noPivot: false, rootlessCgroups: false });

function examine(kind: DocumentKind, document: string, text: string): Reading {
  switch (kind) {
    case "config":
      return further(examineConfig(document, text, facts()), "", (config: Config) => [
        () => tryResources(config.linux.resources, config),
        () => tryPlan(config, tryCompile(config.linux.seccomp)),
      ]);
    case "process":
      return further(examineProcess(text, document, facts()), "process.", (process) => [
        () => planCapabilities((process as ProcessConfig).capabilities ?? {}).warnings,
      ]);
    case "resources":
      return further(checkDocument(ResourcesSchema, document, text), "linux.resources.", (resources) => [
        () => tryResources(resources as ResourcesConfig, undefined),
      ]);
    case "seccomp":
      return further(checkDocument(SeccompSchema, document, text), "linux.seccomp.", (profile) => [
        () => {
          tryCompile(profile as SeccompConfig);
          return [];
        },
      ]);
  }
}

/** A step of create that only decides. Throws RuntimeError for what cannot be. */
type Step = () => readonly Warning[];

/** What the next steps of create say to a document that is right so far. `prefix`: of their paths, not of the document's. */
function further<T>(reading: Reading, prefix: string, steps: (document: T) => readonly Step[]): Reading {
  if (reading.issues.length > 0) return reading;
  const issues: Issue[] = [];
  const warnings = [...reading.warnings];
  for (const step of steps(reading.output as T)) {
    try {
      for (const warning of step()) warnings.push({ ...warning, path: within(prefix, warning.path) });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { subject = "", message } = error;
      issues.push({ path: within(prefix, subject), found: "", accepted: "", message });
    }
  }
  return { ...reading, issues, warnings };
}

function within(prefix: string, path = ""): string {
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

const ID = "container";

function tryResources(
  resources: ResourcesConfig | undefined,
  config: Config | undefined,
): readonly Warning[] {
  const { ignored } = planCgroups({
    facts: portableHost(0).cgroup,
    id: ID,
    rootless: false,
    inUserNamespace: false,
    resources,
    cgroupsPath: config?.linux.cgroupsPath,
  });
  return warningsOf(ignored);
}

function tryCompile(profile: SeccompConfig | undefined): CompiledSeccomp | null {
  return compileSeccomp(profile, { debug: () => {} });
}

function tryPlan(config: Config, seccomp: CompiledSeccomp | null): readonly Warning[] {
  return planCreate(resolveConfig(config, "/"), portableHost(0), {
    id: ID,
    bundle: "/",
    placement: placement([]),
    cgroupDirectories: new Map(),
    preserveFds: 0,
    listenFds: 0,
    inheritedNoFile: null,
    trace: false,
    noNewKeyring: false,
    foreground: false,
    noPivot: false,
    seccomp,
    start: "parent",
    startSocket: "",
    newuidmap: null,
    newgidmap: null,
  }).warnings;
}
