/**
 * The container's configuration as create left it beside the state record: checked, with every default filled in.
 * Reading it back needs no schema, which would be most of what `start`, `exec` and `delete` cost.
 */

import type { Config } from "../oci/config.ts";
import { parseDocument, stringifyJson } from "../oci/json.ts";
import { type ResolvedConfig, resolveConfig } from "../oci/resolved/config.ts";
import { STATE_VERSION, type StateRecord } from "../state/record.ts";
import type { StateDirectory } from "../state/store.ts";

/** Writes the checked configuration beside the record. */
export function storeConfig(directory: StateDirectory, config: Config): void {
  directory.saveConfig(stringifyJson(config));
}

/** Throws "container does not exist" if there is none. */
export function loadStoredConfig(directory: StateDirectory, record: StateRecord): ResolvedConfig {
  return resolveConfig(readStoredConfig(directory.loadConfig(), record), record.bunc.bundle);
}

/** `text`: of the stored file. */
export function readStoredConfig(text: string, record: StateRecord): Config {
  if (record.bunc.version === STATE_VERSION)
    return parseDocument(`the stored config.json of container ${record.id}`, text) as Config;
  // An older bunc wrote it, and may lack members that have a default now.
  const { parseConfig }: typeof import("../oci/config.ts") = require("../oci/config.ts");
  return parseConfig(text);
}
