/** linux.seccomp of a config, with its defaults taken as runc takes them, compiled to BPF by the core. */

import { orExplain, RuntimeError } from "../failure/errors.ts";
import type { Log } from "../log/log.ts";
import { ERRNO, type Profile } from "../native/boundary.gen.ts";
import { native } from "../native/call.ts";
import type { SeccompConfig } from "../oci/seccomp.ts";
import type { CompiledSeccomp } from "../plan/plan.ts";
import { wantsSeccomp } from "../plan/security.ts";

/** Null: the config asks for no filter. Throws RuntimeError that names the config path of what is invalid. */
export function compileSeccomp(
  config: SeccompConfig | undefined,
  log: Pick<Log, "debug">,
): CompiledSeccomp | null {
  if (!wantsSeccomp(config)) return null;
  const { program, flags, unknown_syscalls } = orExplain(
    () => native("seccomp_compile", { profile: seccompProfile(config) }),
    ({ failure: { subject, detail } }) =>
      new RuntimeError(`error loading seccomp filter: ${subject}: ${detail}`, { step: "seccomp", subject }),
  );
  for (const name of unknown_syscalls) log.debug(`unknown seccomp syscall ${JSON.stringify(name)} ignored`);
  return { program, flags };
}

export function seccompProfile(config: SeccompConfig): Profile {
  return {
    // Without a default action, but with rules, runc refuses the empty action; the schema lets nothing else through.
    default_action: knownAction(config.defaultAction ?? "", "linux.seccomp.defaultAction"),
    default_errno_ret: config.defaultErrnoRet ?? ERRNO.PERM,
    architectures: (config.architectures ?? []).map((name, index) => {
      if (isKnownArchitecture(name)) return name;
      throw new RuntimeError(`string ${name} is not a valid arch for seccomp`, {
        subject: `linux.seccomp.architectures[${index}]`,
      });
    }),
    flags: config.flags ?? ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
    syscalls: config.syscalls.map(({ names, action, errnoRet, args }) => ({
      names,
      action,
      errno_ret: errnoRet ?? ERRNO.PERM,
      args: (args ?? []).map(({ index, value, valueTwo, op }) => ({
        index,
        value: String(value),
        value_two: String(valueTwo ?? 0),
        op,
      })),
    })),
  };
}

type Action = Profile["default_action"];

function knownAction(action: Action | "", subject: string): Action {
  if (action !== "") return action;
  throw new RuntimeError(`string ${action} is not a valid action for seccomp`, { subject });
}

type Architecture = Profile["architectures"][number];

/** The specification has names that neither libseccomp's runc bindings nor the kernel's filters know. */
const UNSUPPORTED = /^SCMP_ARCH_(M68K|PARISC|PARISC64|SH|SHEB)$/;

export function isKnownArchitecture(name: string): name is Architecture {
  return !UNSUPPORTED.test(name);
}
