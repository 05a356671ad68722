/** One row of the client suite: what a user of the client types, and what must come of it. */
export interface Check {
  readonly name: string;
  /**
   * A bash script for the guest, run after `prelude` with `set -e -o pipefail`. `$C` is a container name of its
   * own; its containers, and those whose names begin with it, are removed afterwards by the group's `cleanup`.
   */
  readonly script: string;
  /** What standard output and standard error together must match; a string must be equal, but for white space around. */
  readonly output?: string | RegExp;
  /** Exit status of the script; 0 when left out. */
  readonly status?: number;
  readonly timeoutMs?: number;
  /** It demands bunc's own words, so runc is not asked, and bunc has to pass whatever runc does. */
  readonly buncOnly?: boolean;
}

/** Checks that need the same configuration of the same client. */
export interface Group {
  readonly name: string;
  /** What runs it, for the table: "Docker", "containerd", "Podman". */
  readonly client: string;
  /** As the ordinary user of the guest, in a session of theirs. */
  readonly rootless?: boolean;
  /** Root's script that configures the client for a runtime and waits until the client is ready. */
  readonly setup: (runtime: RuntimeName) => string;
  /** After each check, by the user who ran it: removes what the check left. */
  readonly cleanup: string;
  /** Root's script at the end. */
  readonly teardown?: string;
  /** What the guest has to get beside bunc: a directory of this host, by its name in the guest's share. */
  readonly share?: { readonly name: string; readonly directory: () => Promise<string> };
  readonly checks: readonly Check[];
}

/** bunc, and what it is compared with: Debian's runc. Both are what the client calls to run containers. */
export type RuntimeName = "bunc" | "runc";
export const runtimes: readonly RuntimeName[] = ["bunc", "runc"];

/** Where the guest has them. */
export const runtimePaths: Readonly<Record<RuntimeName, string>> = {
  bunc: "/usr/local/bin/bunc",
  runc: "/usr/sbin/runc",
};

export interface Outcome {
  readonly passed: boolean;
  readonly seconds: number;
  /** Of a failed check: what differs. */
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

/** Judges one run of a check. → undefined when it passed, else what differs. */
export function difference(check: Check, status: number, output: string): string | undefined {
  const expected = check.status ?? 0;
  if (status !== expected) return `exit status ${status}, expected ${expected}`;
  if (check.output === undefined) return undefined;
  if (typeof check.output === "string") {
    return output.trim() === check.output.trim() ? undefined : `expected ${JSON.stringify(check.output)}`;
  }
  return check.output.test(output) ? undefined : `expected ${check.output}`;
}
