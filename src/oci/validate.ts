/**
 * The rules between fields and between config and host, which a schema cannot say. Every rule is run and
 * every violation reported; the sentences are runc's where clients or its test suite look for them.
 *
 * A rule names the members it reads and is skipped when one of them has the wrong shape already: that is
 * reported, and the rule would see something that its types exclude.
 */

import { type Config, ConfigSchema } from "./config.ts";
import { checkDocument, type Findings, type Loaded, loaded, type Reading, withFindings } from "./document.ts";
import { describeFound, type Issue, valueAt } from "./issue.ts";
import type { ProcessConfig } from "./process.ts";
import { linuxRules } from "./rules/linux.ts";
import { mountRules } from "./rules/mounts.ts";
import { namespaceRules } from "./rules/namespaces.ts";
import { processRules } from "./rules/process.ts";
import type { ProcessFacts, Report, Rule, ValidationFacts } from "./rules/rule.ts";
import { specRules } from "./rules/spec.ts";
import { sysctlRules } from "./rules/sysctl.ts";
import { toleratedProcessRules, toleratedRules } from "./rules/tolerated.ts";

const rulesOfConfig = [
  ...specRules,
  ...namespaceRules,
  ...mountRules,
  ...sysctlRules,
  ...linuxRules,
  ...toleratedRules,
];
const rulesOfProcess = [...processRules, ...toleratedProcessRules];

/** Text of config.json to a checked Config. Throws RuntimeError with every problem in configErrors. */
export function loadConfig(source: string, facts: ValidationFacts): Loaded<Config> {
  return loaded("config.json", examineConfig("config.json", source, facts));
}

/** The same, with all findings returned. `document` names it in the error for text that is not JSON. */
export function examineConfig(document: string, source: string, facts: ValidationFacts): Reading {
  const reading = checkDocument(ConfigSchema, document, source);
  return withFindings(reading, validateConfig(reading.output as Config, facts, reading.issues));
}

/** `known`: the schema's issues of the same document. */
export function validateConfig(config: Config, facts: ValidationFacts, known: readonly Issue[]): Findings {
  const findings = applyRules(rulesOfConfig, config, "", facts, known);
  if (config?.process === undefined || known.some(({ path }) => path === "process")) return findings;
  return withFindings(findings, validateProcess(config.process, "process.", facts, known));
}

/** `prefix`: where the process stands in its document: "process.", or "" for a document of its own. */
export function validateProcess(
  process: ProcessConfig,
  prefix: string,
  facts: ProcessFacts,
  known: readonly Issue[],
): Findings {
  return applyRules(rulesOfProcess, process, prefix, facts, known);
}

function applyRules<T, Facts>(
  rules: readonly Rule<T, Facts>[],
  document: T,
  prefix: string,
  facts: Facts,
  known: readonly Issue[],
): Findings {
  const findings: Findings = { issues: [], warnings: [] };
  const report: Report = {
    isSound: (path) => !hasIssue(known, prefix + path),
    issue(path, accepted, message) {
      report.issueOf(path, valueAt(document, path), accepted, message);
    },
    issueOf(path, found, accepted, message) {
      findings.issues.push({ path: prefix + path, found: describeFound(found), accepted, message });
    },
    warn(path, message) {
      findings.warnings.push({ path: prefix + path, found: describeFound(valueAt(document, path)), message });
    },
  };
  for (const rule of rules) {
    if (rule.reads.some((path) => isBroken(known, prefix + path))) continue;
    rule.check(document, report, facts);
  }
  return findings;
}

function isBroken(known: readonly Issue[], path: string): boolean {
  if (!path.endsWith("[]")) return hasIssue(known, path);
  const list = path.slice(0, -"[]".length);
  return known.some((issue) => isWithin(list, issue.path));
}

/** Whether an issue stands at `path`, below it, or above it. */
function hasIssue(known: readonly Issue[], path: string): boolean {
  return known.some((issue) => isWithin(issue.path, path) || isWithin(path, issue.path));
}

function isWithin(path: string, ancestor: string): boolean {
  if (ancestor === "" || path === ancestor) return true;
  return path.startsWith(ancestor) && (path[ancestor.length] === "." || path[ancestor.length] === "[");
}
