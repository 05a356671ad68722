/** Harmless deviations from the specification that runc accepts: warnings. */

import { asksAgent } from "../annotations.ts";
import type { Config } from "../config.ts";
import { HOOK_KINDS } from "../hooks.ts";
import type { ProcessConfig } from "../process.ts";
import type { Rule } from "./rule.ts";

export const toleratedRules: readonly Rule<Config>[] = [
  {
    reads: ["annotations"],
    check({ annotations }, _facts, report) {
      if (!Object.hasOwn(annotations, "")) return;
      report.warn('annotations[""]', annotations[""], "an annotation without a name cannot be looked up");
    },
  },
  {
    reads: ["linux.devices", "linux.maskedPaths", "linux.readonlyPaths"],
    check({ linux }, _facts, report) {
      const paths = [
        ...linux.devices.map(({ path }, index) => ({ path: `linux.devices[${index}].path`, value: path })),
        ...linux.maskedPaths.map((value, index) => ({ path: `linux.maskedPaths[${index}]`, value })),
        ...linux.readonlyPaths.map((value, index) => ({ path: `linux.readonlyPaths[${index}]`, value })),
      ];
      for (const { path, value } of paths) {
        if (value.startsWith("/")) continue;
        const instead =
          value === "" ? "is empty: ignored" : "is not absolute: it starts at the container's root";
        report.warn(path, value, `${path} ${instead}`);
      }
    },
  },
  {
    reads: ["linux.resources.devices"],
    check({ linux }, _facts, report) {
      for (const [index, { access }] of (linux.resources?.devices ?? []).entries()) {
        const unknown = access.replace(/[rwm]/g, "");
        if (unknown === "") continue;
        const path = `linux.resources.devices[${index}].access`;
        report.warn(
          path,
          access,
          `${path}: ${JSON.stringify(unknown)} is ignored: only r, w and m are known`,
        );
      }
    },
  },
  {
    reads: ["linux.seccomp"],
    check({ linux }, _facts, report) {
      const { listenerPath = "" } = linux.seccomp ?? {};
      if (listenerPath !== "" && !asksAgent(linux.seccomp)) {
        const path = "linux.seccomp.listenerPath";
        report.warn(path, listenerPath, `${path} is ignored: no rule has SCMP_ACT_NOTIFY`);
      }
      for (const [index, { names }] of (linux.seccomp?.syscalls ?? []).entries()) {
        if (names.length > 0) continue;
        const path = `linux.seccomp.syscalls[${index}].names`;
        report.warn(path, names, `${path} is empty: the rule applies to no system call`);
      }
    },
  },
  {
    reads: ["hooks"],
    check({ hooks }, _facts, report) {
      for (const kind of HOOK_KINDS) {
        for (const [index, { timeout }] of (hooks[kind] ?? []).entries()) {
          if (timeout !== 0) continue;
          const path = `hooks.${kind}[${index}].timeout`;
          report.warn(path, timeout, `${path} is not greater than zero: there is no timeout`);
        }
      }
    },
  },
];

/** Paths are relative to the process. */
export const toleratedProcessRules: readonly Rule<ProcessConfig>[] = [
  {
    reads: ["user.umask"],
    check({ user }, _facts, report) {
      const { umask = 0 } = user;
      if (umask <= 0o777) return;
      report.warn("user.umask", umask, `umask ${umask} is more than 0777: ${umask & 0o777} is used`);
    },
  },
  {
    reads: ["consoleSize"],
    check({ consoleSize, terminal }, _facts, report) {
      if (consoleSize === undefined || !terminal) return;
      for (const member of ["height", "width"] as const) {
        const value = consoleSize[member];
        if (value <= 0xffff) continue;
        report.warn(`consoleSize.${member}`, value, `no terminal is larger than ${0xffff}`);
      }
    },
  },
];
