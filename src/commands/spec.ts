/** `spec`: writes a config.json into the bundle, the example one, or what the flags make of it or of another. */

import { UsageError } from "../failure/errors.ts";
import { specificationExists } from "../failure/messages.ts";
import { currentHost } from "../host/current.ts";
import { native } from "../native/call.ts";
import { type DefaultSpecOptions, defaultSpec } from "../oci/default-spec.ts";
import type { Handler, VerbOptions } from "../verbs/verbs.ts";

const FILE_MODE = 0o666;

export const run: Handler<"spec"> = async (options, [output], context) => {
  if (options.schema) {
    printSchema();
    return 0;
  }
  if (output !== undefined && output !== "-") {
    throw new UsageError(
      `invalid value ${JSON.stringify(output)} for argument output: only - (standard output) is accepted; for another directory use --bundle`,
    );
  }
  if (output === "-" && options.bundle !== undefined) {
    throw new UsageError(
      "--bundle and - exclude each other: the one writes a file, the other to standard output",
    );
  }
  const path = options.bundle === undefined ? "config.json" : `${options.bundle}/config.json`;
  const exists = output === undefined && native("resolve_path", { path }).path !== "";
  if (exists) throw specificationExists(path);
  const text = isPlain(options) ? plainText(options) : await changedText(options, context);
  if (output === "-") console.log(text);
  else native("write_file", { path, text, mode: FILE_MODE });
  return 0;
};

/** Whether only runc's flags are given. */
function isPlain(options: VerbOptions<"spec">): boolean {
  const { bundle: _bundle, rootless: _rootless, schema: _schema, ...own } = options;
  return Object.values(own).every(
    (value) => value === undefined || (Array.isArray(value) && value.length === 0),
  );
}

function printSchema(): void {
  const { configJsonSchema }: typeof import("../oci/json-schema.ts") = require("../oci/json-schema.ts");
  const { stringifyJson }: typeof import("../oci/json.ts") = require("../oci/json.ts");
  console.log(stringifyJson(configJsonSchema(), 2));
}

function plainText({ rootless }: VerbOptions<"spec">): string {
  return JSON.stringify(defaultSpec(exampleOptions(rootless)), null, "\t");
}

function exampleOptions(rootless: boolean): DefaultSpecOptions {
  const { euid, egid, cgroup } = currentHost();
  const cgroupV2 = cgroup.mode === "v2";
  return rootless ? { cgroupV2, rootless: { uid: euid, gid: egid } } : { cgroupV2 };
}

async function changedText(
  options: VerbOptions<"spec">,
  context: Parameters<Handler<"spec">>[2],
): Promise<string> {
  const { changedSpec }: typeof import("./changed-spec.ts") = require("./changed-spec.ts");
  return changedSpec(options, () => defaultSpec(exampleOptions(options.rootless)), context.log);
}
