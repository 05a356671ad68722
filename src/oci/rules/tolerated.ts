/** Harmless deviations from the specification that runc accepts: warnings. */

import { asksAgent } from "../annotations.ts";
import type { Config } from "../config.ts";
import { HOOK_KINDS } from "../hooks.ts";
import type { ProcessConfig } from "../process.ts";
import { type ProcessFacts, type Rule, rule } from "./rule.ts";

export const toleratedRules: readonly Rule<Config>[] = [
  rule(["annotations"], ({ annotations }, report) => {
    if (!Object.hasOwn(annotations, "")) return;
    report.warn('annotations[""]', "an annotation without a name cannot be looked up");
  }),
  rule(["linux.devices", "linux.maskedPaths", "linux.readonlyPaths"], ({ linux }, report) => {
    const paths = [
      ...linux.devices.map(({ path }, index) => [`linux.devices[${index}].path`, path] as const),
      ...linux.maskedPaths.map((path, index) => [`linux.maskedPaths[${index}]`, path] as const),
      ...linux.readonlyPaths.map((path, index) => [`linux.readonlyPaths[${index}]`, path] as const),
    ];
    for (const [place, path] of paths) {
      if (path === "") report.warn(place, `${place} is empty: ignored`);
      else if (!path.startsWith("/"))
        report.warn(place, `${place} is not absolute: it starts at the container's root`);
    }
  }),
  rule(["linux.resources.devices"], ({ linux }, report) => {
    for (const [index, { access }] of (linux.resources?.devices ?? []).entries()) {
      const unknown = access.replace(/[rwm]/g, "");
      if (unknown === "") continue;
      const path = `linux.resources.devices[${index}].access`;
      report.warn(path, `${path}: ${JSON.stringify(unknown)} is ignored: only r, w and m are known`);
    }
  }),
  rule(["linux.seccomp"], ({ linux }, report) => {
    const { listenerPath = "", syscalls = [] } = linux.seccomp ?? {};
    if (listenerPath !== "" && !asksAgent(linux.seccomp)) {
      const path = "linux.seccomp.listenerPath";
      report.warn(path, `${path} is ignored: no rule has SCMP_ACT_NOTIFY`);
    }
    for (const [index, { names }] of syscalls.entries()) {
      if (names.length > 0) continue;
      const path = `linux.seccomp.syscalls[${index}].names`;
      report.warn(path, `${path} is empty: the rule applies to no system call`);
    }
  }),
  rule(["hooks"], ({ hooks }, report) => {
    for (const kind of HOOK_KINDS) {
      for (const [index, { timeout }] of (hooks[kind] ?? []).entries()) {
        if (timeout !== 0) continue;
        const path = `hooks.${kind}[${index}].timeout`;
        report.warn(path, `${path} is not greater than zero: there is no timeout`);
      }
    }
  }),
];

/** Paths are relative to the process. */
export const toleratedProcessRules: readonly Rule<ProcessConfig, ProcessFacts>[] = [
  rule(["user.umask"], ({ user }, report) => {
    const { umask = 0 } = user;
    if (umask > 0o777)
      report.warn("user.umask", `umask ${umask} is more than 0777: ${umask & 0o777} is used`);
  }),
  rule(["consoleSize"], ({ consoleSize, terminal }, report) => {
    if (consoleSize === undefined || !terminal) return;
    for (const member of ["height", "width"] as const) {
      if (consoleSize[member] <= 0xffff) continue;
      report.warn(`consoleSize.${member}`, `no terminal is larger than ${0xffff}`);
    }
  }),
];
