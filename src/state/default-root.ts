/** Where the state of containers is when --root does not say. */

interface RootFacts {
  /** $XDG_RUNTIME_DIR; empty or undefined: not set. */
  xdgRuntimeDirectory: string | undefined;
  effectiveUid: number;
  /** Whether this process is in a user namespace other than the initial one. */
  inUserNamespace: boolean;
  /** $USER */
  user: string | undefined;
}

interface DefaultRoot {
  path: string;
  /**
   * The directory is below $XDG_RUNTIME_DIR: make it with mode 0700 and the sticky bit, which keeps it
   * from being cleaned up (XDG Base Directory Specification).
   */
  sticky: boolean;
}

/** /run/runc for root; $XDG_RUNTIME_DIR/runc for others, and for root of a user namespace who is not "root". */
export function defaultRoot(facts: RootFacts): DefaultRoot {
  const rootless = facts.effectiveUid !== 0 || (facts.inUserNamespace && facts.user !== "root");
  if (!rootless || !facts.xdgRuntimeDirectory) return { path: "/run/runc", sticky: false };
  return { path: `${facts.xdgRuntimeDirectory}/runc`, sticky: true };
}
