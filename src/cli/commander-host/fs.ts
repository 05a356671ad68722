/** node:fs: commander uses it for subcommands that are separate executables. bunc has none. */
const absent = {};

// biome-ignore lint/style/noDefaultExport: commander imports the default.
export { absent as default };
