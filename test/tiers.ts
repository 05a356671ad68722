/** The tiers of tests, in the order in which they run: what fails fast comes first. */

export interface Tier {
  name: string;
  /** Folders of bun tests; none for the Zig tier. */
  folders: string[];
  /** Files that run at once. The tests of one file run one after the other. */
  workers: number;
  /** Of one test, where it does not set its own. */
  timeoutMs?: number;
  /** Only with `--all`, or when asked for by name. */
  slow?: boolean;
  /** Tests of the runtime from outside: these make sense with another RUNTIME. */
  anyRuntime?: boolean;
}

export const tiers: Tier[] = [
  { name: "tidy", folders: ["test/tidy"], workers: 1 },
  { name: "zig", folders: [], workers: 1 },
  {
    name: "unit",
    folders: ["src", "demo", "build", "test/judges", "test/bench", "test/harness", "test/schema"],
    workers: 2,
  },
  { name: "contract", folders: ["test/contract"], workers: 2 },
  { name: "seccomp", folders: ["test/seccomp"], workers: 2 },
  { name: "integration", folders: ["test/integration"], workers: 2, anyRuntime: true },
  { name: "fault", folders: ["test/fault"], workers: 1, slow: true },
  { name: "hostile", folders: ["test/hostile"], workers: 1, slow: true },
  { name: "endurance", folders: ["test/endurance"], workers: 1, slow: true },
  { name: "install", folders: ["test/install"], workers: 1, slow: true },
  { name: "vm", folders: ["test/vm"], workers: 1, slow: true, timeoutMs: 1_800_000 },
];
