/** Rules of the members that all platforms have: version, process, names. */

import { OCI_VERSION } from "../../version.ts";
import type { Config } from "../config.ts";
import { namespaceOf } from "../linux.ts";
import type { Rule } from "./rule.ts";

const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** The version that an invalid text may stand for. */
const MAJOR = /^v?(\d+)(?:\.|$)/;

export const specRules: readonly Rule<Config>[] = [
  {
    reads: ["ociVersion"],
    check({ ociVersion }, _facts, report) {
      const match = VERSION.exec(ociVersion);
      if (Number(MAJOR.exec(ociVersion)?.[1]) > 1) {
        report.issue("ociVersion", ociVersion, "a version from 1.0.0 to below 2.0.0");
        return;
      }
      if (match === null || match[1] === "0") {
        report.warn(
          "ociVersion",
          ociVersion,
          `ociVersion ${JSON.stringify(ociVersion)} is not a version of the specification since 1.0.0: read as ${OCI_VERSION}`,
        );
        return;
      }
      if (Number(match[2]) > Number(OCI_VERSION.split(".")[1])) {
        report.warn(
          "ociVersion",
          ociVersion,
          `ociVersion ${ociVersion} is newer than ${OCI_VERSION}: properties that it added are ignored`,
        );
      }
    },
  },
  {
    reads: ["process"],
    check({ process }, _facts, report) {
      if (process !== undefined) return;
      report.issue("process", undefined, "an object", "process property must not be empty");
    },
  },
  {
    reads: ["hostname", "domainname", "linux.namespaces"],
    check(config, _facts, report) {
      if (namespaceOf(config.linux, "uts") !== undefined) return;
      for (const member of ["hostname", "domainname"] as const) {
        if (config[member] === "") continue;
        report.issue(
          member,
          config[member],
          'no name, or a namespace of type "uts" in linux.namespaces',
          `unable to set ${member} without a private UTS namespace`,
        );
      }
    },
  },
  {
    reads: ["hostname", "domainname"],
    check(config, _facts, report) {
      for (const member of ["hostname", "domainname"] as const) {
        if (new TextEncoder().encode(config[member]).length <= 64) continue;
        report.issue(member, config[member], "at most 64 bytes (sethostname(2))");
      }
    },
  },
];
