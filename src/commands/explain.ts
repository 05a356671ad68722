/** `explain`: every kernel operation that `create` would do, in order, without doing any. */

import { readBundle } from "../container/bundle.ts";
import { seccompProfile } from "../container/seccomp.ts";
import { explainCreate } from "../explain/explain.ts";
import { seccompText } from "../explain/seccomp.ts";
import { explainText } from "../explain/text.ts";
import { RuntimeError } from "../failure/errors.ts";
import { currentHost, rootlessCgroups } from "../host/current.ts";
import { native } from "../native/call.ts";
import { stringifyJson } from "../oci/json.ts";
import { wantsSeccomp } from "../plan/security.ts";
import type { SyscallQuery } from "../verbs/explain.ts";
import type { CommandContext, Handler, VerbOptions } from "../verbs/verbs.ts";

export const run: Handler<"explain"> = (options, [id], context) => {
  if (options.seccomp !== undefined) {
    explainSeccomp(options.seccomp, options, context);
    return 0;
  }
  const explanation = explainCreate({ ...options, id: id ?? nameOf(options.bundle) }, context);
  if (options.json) console.log(stringifyJson(explanation, 2));
  else console.log(explainText(explanation));
  return 0;
};

/** That of the bundle, for a container without a name. */
function nameOf(bundle: string | undefined): string {
  const { path } = native("resolve_path", { path: bundle ?? native("working_directory", {}).path });
  return path.slice(path.lastIndexOf("/") + 1) || "container";
}

/** The architecture of this machine, as the specification names it. */
const ARCHITECTURE = process.arch === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";

function explainSeccomp(query: SyscallQuery, options: VerbOptions<"explain">, context: CommandContext): void {
  const host = currentHost();
  const { config } = readBundle(options.bundle, host, {
    noPivot: false,
    rootlessCgroups: rootlessCgroups(context.rootless, host),
  });
  const { seccomp } = config.linux;
  if (!wantsSeccomp(seccomp)) {
    throw new RuntimeError("the configuration has no seccomp profile: every system call is allowed", {
      subject: "linux.seccomp",
    });
  }
  const profile = seccompProfile(seccomp);
  const reply = native("seccomp_explain", {
    profile,
    architecture: ARCHITECTURE,
    syscalls: query.names,
    arguments: (query.arguments ?? []).map(String),
  });
  const [missing] = reply.not_found;
  if (missing !== undefined) {
    throw new RuntimeError(`there is no system call ${missing} on ${ARCHITECTURE}`, { path: missing });
  }
  if (options.json) console.log(stringifyJson(reply, 2));
  else console.log(seccompText(reply, profile, query.arguments !== undefined));
}
