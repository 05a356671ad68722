/** One row of the client suite: what a user of the client types, and the expected result. */
export interface Check {
  readonly name: string;
  /**
   * A bash script for the guest, run after `prelude` with `set -e -o pipefail`. `$C` is a container name of its
   * own; its containers, and those whose names begin with it, are removed afterwards by the group's `cleanup`.
   */
  readonly script: string;
  /** What standard output and standard error together must match; a string must be equal, except for surrounding white space. */
  readonly output?: string | RegExp;
  /** Exit status of the script; 0 if absent. */
  readonly status?: number;
  readonly timeoutMs?: number;
  /** It requires bunc's own messages, so it is not run with runc, and bunc must pass it. */
  readonly buncOnly?: boolean;
}

/** Checks that need the same configuration of the same client. */
export interface Group {
  readonly name: string;
  /** The client, for the table: "Docker", "containerd", "Podman". */
  readonly client: string;
  /** Whether the checks run as the guest's ordinary user, in that user's session. */
  readonly rootless?: boolean;
  /** Root's script that configures the client for a runtime and waits until the client is ready. */
  readonly setup: (runtime: RuntimeName) => string;
  /** Runs after each check, as the same user: removes what the check left behind. */
  readonly cleanup: string;
  /** Root's script at the end. */
  readonly teardown?: string;
  /** What the guest needs in addition to bunc: a directory on this host, by its name in the guest's share. */
  readonly share?: { readonly name: string; readonly directory: () => Promise<string> };
  readonly checks: readonly Check[];
}

/** bunc, and Debian's runc, with which it is compared: the runtimes that the clients call. */
export type RuntimeName = "bunc" | "runc";
export const runtimes: readonly RuntimeName[] = ["bunc", "runc"];

/** Their paths in the guest. */
export const runtimePaths: Readonly<Record<RuntimeName, string>> = {
  bunc: "/usr/local/bin/bunc",
  runc: "/usr/sbin/runc",
};

export interface Outcome {
  readonly passed: boolean;
  readonly seconds: number;
  /** What differs in a failed check. */
  readonly reason?: string;
}

/**
 * Functions for the scripts. `until COMMAND…` is the only way to wait: it polls until the command succeeds and gives
 * up after a minute, so no check depends on how fast the guest is.
 */
export const prelude = `
set -e -o pipefail
until_ok() {
  local end=$((SECONDS + 60))
  while ! "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $end ]; then echo "gave up waiting for: $*"; return 1; fi
    sleep 0.2
  done
}
`;

/** Judges one run of a check. → undefined if it passed, otherwise what differs. */
export function difference(check: Check, status: number, output: string): string | undefined {
  const expected = check.status ?? 0;
  if (status !== expected) return `exit status ${status}, expected ${expected}`;
  if (check.output === undefined) return undefined;
  if (typeof check.output === "string") {
    return output.trim() === check.output.trim() ? undefined : `expected ${JSON.stringify(check.output)}`;
  }
  return check.output.test(output) ? undefined : `expected ${check.output}`;
}
