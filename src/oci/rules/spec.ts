/** Rules of the members that all platforms have: version, process, names. */

import { OCI_VERSION } from "../../version.ts";
import type { Config } from "../config.ts";
import { namespaceOf } from "../linux.ts";
import { type Rule, rule } from "./rule.ts";

const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** The version that an invalid text may stand for. */
const MAJOR = /^v?(\d+)(?:\.|$)/;

export const specRules: readonly Rule<Config>[] = [
  rule(["ociVersion"], ({ ociVersion }, report) => {
    const match = VERSION.exec(ociVersion);
    if (Number(MAJOR.exec(ociVersion)?.[1]) > 1) {
      report.issue("ociVersion", "a version from 1.0.0 to below 2.0.0");
    } else if (match === null || match[1] === "0") {
      report.warn(
        "ociVersion",
        `ociVersion ${JSON.stringify(ociVersion)} is not a version of the specification since 1.0.0: read as ${OCI_VERSION}`,
      );
    } else if (Number(match[2]) > Number(OCI_VERSION.split(".")[1])) {
      report.warn(
        "ociVersion",
        `ociVersion ${ociVersion} is newer than ${OCI_VERSION}: properties that it added are ignored`,
      );
    }
  }),
  rule(["process"], ({ process }, report) => {
    if (process === undefined) report.issue("process", "an object", "process property must not be empty");
  }),
  rule(["hostname", "domainname", "linux.namespaces"], (config, report) => {
    if (namespaceOf(config.linux, "uts") !== undefined) return;
    for (const member of ["hostname", "domainname"] as const) {
      if (config[member] === "") continue;
      report.issue(
        member,
        'no name, or a namespace of type "uts" in linux.namespaces',
        `unable to set ${member} without a private UTS namespace`,
      );
    }
  }),
  rule(["hostname", "domainname"], (config, report) => {
    for (const member of ["hostname", "domainname"] as const) {
      if (new TextEncoder().encode(config[member]).length <= 64) continue;
      report.issue(member, "at most 64 bytes (sethostname(2))");
    }
  }),
];
