/** node:process is the global object. */
const host = globalThis.process;

// biome-ignore lint/style/noDefaultExport: commander imports the default.
export { host as default };
