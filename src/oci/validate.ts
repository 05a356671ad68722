/**
 * The rules between fields and between config and host, which a schema cannot say. Every rule is run and
 * every violation reported; the sentences are runc's where clients or its test suite look for them.
 *
 * A rule names the members it reads and is skipped when one of them has the wrong shape already: that is
 * reported, and the rule would see something that its types exclude.
 */

import type { Warning } from "../failure/warning.ts";
import { type Config, ConfigSchema } from "./config.ts";
import { checkDocument, type Loaded, type Reading } from "./document.ts";
import { configError, describeFound, type Issue, valueAt } from "./issue.ts";
import type { ProcessConfig } from "./process.ts";
import { linuxRules } from "./rules/linux.ts";
import { mountRules } from "./rules/mounts.ts";
import { namespaceRules } from "./rules/namespaces.ts";
import { processRules } from "./rules/process.ts";
import type { ProcessFacts, Report, Rule, ValidationFacts } from "./rules/rule.ts";
import { specRules } from "./rules/spec.ts";
import { sysctlRules } from "./rules/sysctl.ts";
import { toleratedProcessRules, toleratedRules } from "./rules/tolerated.ts";

interface Findings {
  issues: Issue[];
  warnings: Warning[];
}

/** Text of config.json to a checked Config. Throws RuntimeError with every problem in configErrors. */
export function loadConfig(source: string, facts: ValidationFacts): Loaded<Config> {
  const { output, issues, warnings } = examineConfig("config.json", source, facts);
  if (issues.length > 0) throw configError("config.json", issues, warnings);
  return { value: output as Config, warnings };
}

/** The same, with all findings returned. `document` names it in the error for text that is not JSON. */
export function examineConfig(document: string, source: string, facts: ValidationFacts): Reading {
  const { output, issues, warnings } = checkDocument(ConfigSchema, document, source);
  const rules = validateConfig(output as Config, facts, issues);
  return { output, issues: [...issues, ...rules.issues], warnings: [...warnings, ...rules.warnings] };
}

/** `known`: the schema's issues of the same document. */
export function validateConfig(config: Config, facts: ValidationFacts, known: readonly Issue[]): Findings {
  const findings: Findings = { issues: [], warnings: [] };
  for (const rules of [specRules, namespaceRules, mountRules, sysctlRules, linuxRules, toleratedRules]) {
    run(rules, config, facts, known, findings);
  }
  if (config?.process !== undefined && !known.some((issue) => issue.path === "process")) {
    const inner = validateProcess(config.process, "process", facts, known);
    for (const issue of inner.issues) findings.issues.push(issue);
    for (const warning of inner.warnings) findings.warnings.push(warning);
  }
  return findings;
}

/** `prefix`: where the process stands in its document: "process", or "" for a document of its own. */
export function validateProcess(
  process: ProcessConfig,
  prefix: string,
  facts: ProcessFacts,
  known: readonly Issue[],
): Findings {
  const findings: Findings = { issues: [], warnings: [] };
  for (const rules of [processRules, toleratedProcessRules]) {
    run(rules, process, facts, known, findings, prefix === "" ? "" : `${prefix}.`);
  }
  return findings;
}

function run<T, Facts>(
  rules: readonly Rule<T, Facts>[],
  document: T,
  facts: Facts,
  known: readonly Issue[],
  findings: Findings,
  prefix = "",
): void {
  const report: Report = {
    isSound: (path) => !hasIssue(known, prefix + path),
    issue(path, accepted, message) {
      report.issueOf(path, valueAt(document, path), accepted, message);
    },
    issueOf(path, found, accepted, message) {
      const issue: Issue = { path: prefix + path, found: describeFound(found), accepted };
      findings.issues.push(message === undefined ? issue : { ...issue, message });
    },
    warn(path, message) {
      findings.warnings.push({ path: prefix + path, found: describeFound(valueAt(document, path)), message });
    },
  };
  for (const rule of rules) {
    if (rule.reads.some((path) => isBroken(known, prefix + path))) continue;
    rule.check(document, report, facts);
  }
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
