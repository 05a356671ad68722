/** Names that mark everything that tests make: one for the run, and within it one for each sandbox. */

/** `npm test` gives each run a name; tests run without it have this one. */
export const runVariable = "BUNC_TEST_RUN";

/** The prefix of every name that a sandbox of the run makes. */
export const sandboxPrefixOf = (run: string) => `bunc-test-${run}-`;

export const sandboxPrefix = sandboxPrefixOf(Bun.env[runVariable] ?? "single");

/** Matches the name of one sandbox, within a longer name. */
export const sandboxName = /bunc-test-\w+-\w{6}/;
