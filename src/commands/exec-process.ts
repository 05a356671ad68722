/** The process of `exec` as the command line describes it: the container's own, changed by the flags. */

import { parseSubCgroups } from "../cgroup/sub-cgroup.ts";
import { cwdNotAbsolute, execArgumentsEmpty } from "../failure/messages.ts";
import type { CapabilitiesConfig, ProcessConfig } from "../oci/process.ts";
import type { ResolvedConfig } from "../oci/resolved/config.ts";
import type { VerbOptions } from "../verbs/verbs.ts";

type ExecOptions = VerbOptions<"exec">;

/** The process of `exec`: the container's own, changed by flags. Throws RuntimeError with runc's texts. */
export function processFromFlags(
  config: ResolvedConfig,
  options: ExecOptions,
  args: readonly string[],
): ProcessConfig {
  if (args.length === 0) throw execArgumentsEmpty();
  const container = config.process;
  if (container === undefined) throw execArgumentsEmpty();
  if (options.cwd !== undefined && !options.cwd.startsWith("/")) throw cwdNotAbsolute(options.cwd);
  const process: ProcessConfig = {
    ...container,
    args: [...args],
    terminal: options.tty,
    env: [...container.env, ...(options.env ?? [])],
    cwd: options.cwd ?? container.cwd,
    apparmorProfile: options.apparmor ?? container.apparmorProfile,
    selinuxLabel: options.processLabel ?? container.selinuxLabel,
    user: userFromFlags(container.user, options),
  };
  // `--no-new-privs` and `--no-new-privs=false` are the two values of one commander flag, newPrivs.
  if (options.newPrivs !== undefined) process.noNewPrivileges = !options.newPrivs;
  const added = options.cap ?? [];
  if (added.length > 0) process.capabilities = withCapabilities(container.capabilities ?? {}, added);
  return process;
}

/** `--cgroup`: controller → path below the container's cgroup. */
export function subCgroupsFromFlags(options: ExecOptions): Map<string, string> {
  return parseSubCgroups(options.cgroup ?? []);
}

function userFromFlags(user: ProcessConfig["user"], options: ExecOptions): ProcessConfig["user"] {
  const gids = [...(user.additionalGids ?? []), ...(options.additionalGids ?? [])];
  return {
    ...user,
    uid: options.user?.uid ?? user.uid,
    gid: options.user?.gid ?? user.gid,
    ...(gids.length > 0 ? { additionalGids: gids } : {}),
  };
}

/** Never inheritable (CVE-2022-29162); ambient only where the container has inheritable ones, as it needs them. */
function withCapabilities(given: CapabilitiesConfig, added: readonly string[]): CapabilitiesConfig {
  const extended: CapabilitiesConfig = {
    ...given,
    bounding: [...(given.bounding ?? []), ...added],
    effective: [...(given.effective ?? []), ...added],
    permitted: [...(given.permitted ?? []), ...added],
  };
  if (given.inheritable !== undefined) extended.ambient = [...(given.ambient ?? []), ...added];
  return extended;
}
