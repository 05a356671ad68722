/**
 * Splits the program into parts, for a fast start. A literal require() in the sources is a border: the module that it loads
 * is the root of a part, which runs when the call is reached. The bundler alone would wrap every module behind a require()
 * in a function that runs when the module is first needed, about 120 of them in a `run`. Here each part is bundled
 * beforehand, its modules one after the other in one scope, and goes into the executable as one module.
 *
 * So each part has its own copy of every module that it imports, and of every variable in those modules. The modules in
 * `shared` are the exception. Measurements and alternatives: docs/decisions/0006-parts.md.
 */
import { dirname, join, relative, resolve } from "node:path";
import type { BunPlugin, OnResolveArgs } from "bun";

/**
 * The modules that exist once: the errors, because an error thrown in one part is recognized by its class in another; the
 * start record, because its first reader removes it from the environment; the linked core and the facts about the host,
 * because they belong to the process. They must import only types.
 */
const shared = [
  "src/failure/errors.ts",
  "src/host/found.ts",
  "src/host/start-record.ts",
  "src/native/linked.ts",
];

/**
 * The prefix of the paths of parts and shared modules between the two rounds of bundling. The paths are relative to the
 * project: the text of a program influences the names that minifying chooses, and two checkouts must make the same executable.
 */
const PREFIX = "part:";
const SHARED_PREFIX = "shared:";
const NAMESPACE = "part";

const relativeSource = /^\.{1,2}\/.*\.ts$/;

/** For bundling the whole program: everything that `entry` or a part loads with require() is already bundled. */
export async function partsPlugin(project: string, entry: string): Promise<BunPlugin> {
  const parts = await bundleParts(project, entry);
  return {
    name: "parts",
    setup(build) {
      build.onResolve({ filter: relativeSource }, (args) =>
        isBorder(args) ? { path: target(args), namespace: NAMESPACE } : undefined,
      );
      build.onResolve({ filter: new RegExp(`^${PREFIX}`) }, ({ path }) => ({
        path: join(project, path.slice(PREFIX.length)),
        namespace: NAMESPACE,
      }));
      build.onResolve({ filter: new RegExp(`^${SHARED_PREFIX}`) }, ({ path }) => ({
        path: join(project, path.slice(SHARED_PREFIX.length)),
      }));
      build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({
        contents: parts.get(path) as string,
        loader: "js",
      }));
    },
  };
}

/** Path of each part's root module, including `entry` → the bundled part. */
export async function bundleParts(project: string, entry: string): Promise<Map<string, string>> {
  const once = shared.map((path) => join(project, path));
  // The list grows during the loop: each part names the parts that it loads.
  const found = new Set([entry]);
  const borders: BunPlugin = {
    name: "borders",
    setup(build) {
      build.onResolve({ filter: relativeSource }, (args) => {
        const path = target(args);
        const name = relative(project, path);
        if (once.includes(path)) return { path: `${SHARED_PREFIX}${name}`, external: true };
        if (!isBorder(args)) return undefined;
        found.add(path);
        return { path: `${PREFIX}${name}`, external: true };
      });
    },
  };
  const parts = new Map<string, string>();
  for (const path of found) {
    const result = await Bun.build({
      entrypoints: [path],
      // CommonJS, which the second round treats as a module and not as a finished file.
      target: "node",
      format: "cjs",
      external: ["bun:*", "node:*"],
      // Only a program run from source has a directory.
      define: { "import.meta.dir": '""' },
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
