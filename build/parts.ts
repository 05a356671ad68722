/**
 * How the program is cut into parts, for a fast start. A literal require() in the sources is a border: what lies behind
 * it is a part of its own, which begins when the call is reached. Left to the bundler, every module that some require()
 * leads to becomes a function that runs when it is first needed, some 120 of them on the way of `run`; here each part is
 * bundled beforehand, its modules one after the other in one scope, and goes into the executable as one module.
 *
 * So a part has a copy of its own of every module that it imports, and a variable of a module is one variable in each
 * part. The modules in `shared` are the exception. Measured, with alternatives: docs/decisions/0006-parts.md.
 */
import { dirname, join, resolve } from "node:path";
import type { BunPlugin, OnResolveArgs } from "bun";

/**
 * The modules that exist once: the errors, because an error that is thrown in one part is told by its class in another,
 * the start record, which the first who reads it takes out of the environment, the linked core and what is known of the
 * machine, because it is the process's. They must not import anything but types.
 */
const shared = [
  "src/failure/errors.ts",
  "src/host/found.ts",
  "src/host/start-record.ts",
  "src/native/linked.ts",
];

/** In front of a part's path, between the two rounds of bundling. */
const PREFIX = "part:";
const NAMESPACE = "part";

const relativeSource = /^\.{1,2}\/.*\.ts$/;

/** For the bundling of the whole: what a require() of `entry` or of a part leads to is already bundled. */
export async function partsPlugin(project: string, entry: string): Promise<BunPlugin> {
  const parts = await bundleParts(project, entry);
  return {
    name: "parts",
    setup(build) {
      build.onResolve({ filter: relativeSource }, (args) =>
        isBorder(args) ? { path: target(args), namespace: NAMESPACE } : undefined,
      );
      build.onResolve({ filter: new RegExp(`^${PREFIX}`) }, ({ path }) => ({
        path: path.slice(PREFIX.length),
        namespace: NAMESPACE,
      }));
      build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({
        contents: parts.get(path) as string,
        loader: "js",
      }));
    },
  };
}

/** Path of the first module of each part, that of `entry` included → its program. */
export async function bundleParts(project: string, entry: string): Promise<Map<string, string>> {
  const once = shared.map((path) => join(project, path));
  // Grows while it is walked through: a part names the parts behind it.
  const found = new Set([entry]);
  const borders: BunPlugin = {
    name: "borders",
    setup(build) {
      build.onResolve({ filter: relativeSource }, (args) => {
        const path = target(args);
        if (once.includes(path)) return { path, external: true };
        if (!isBorder(args)) return undefined;
        found.add(path);
        return { path: `${PREFIX}${path}`, external: true };
      });
    },
  };
  const parts = new Map<string, string>();
  for (const path of found) {
    const result = await Bun.build({
      entrypoints: [path],
      // CommonJS that the second round understands as a module, not as a finished file.
      target: "node",
      format: "cjs",
      external: ["bun:*", "node:*"],
      plugins: [borders],
    });
    const [output] = result.outputs;
    if (output === undefined) throw new AggregateError(result.logs, `cannot bundle ${path}`);
    parts.set(path, await output.text());
  }
  return parts;
}

function isBorder({ kind }: OnResolveArgs): boolean {
  return kind === "require-call";
}

function target({ importer, path }: OnResolveArgs): string {
  return resolve(dirname(importer), path);
}
