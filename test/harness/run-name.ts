/** The names by which everything that tests make is found again: that of the run, and below it those of its sandboxes. */

/** `npm test` gives each of its runs a name; tests that are run without it have this one. */
export const runVariable = "BUNC_TEST_RUN";

/** Begins every name that a sandbox of the run makes. */
export const sandboxPrefixOf = (run: string) => `bunc-test-${run}-`;

export const sandboxPrefix = sandboxPrefixOf(Bun.env[runVariable] ?? "single");

/** Of one sandbox, within a longer name. */
export const sandboxName = /bunc-test-\w+-\w{6}/;
