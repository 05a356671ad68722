/**
 * How the program is cut into parts, for a fast start. A literal require() in the sources is a border: what lies behind
 * it is a part of its own, which begins when the call is reached. Left to the bundler, every module that some require()
 * leads to becomes a function that runs when it is first needed, some 120 of them on the way of `run`; here each part is
 * bundled beforehand, its modules one after the other in one scope, and goes into the executable as one module.
 *
 * So a part has a copy of its own of every module that it imports, and a variable of a module is one variable in each
 * part. The modules in `shared` are the exception. Measured, with alternatives: docs/decisions/0006-parts.md.
 */
import { dirname, join, relative, resolve } from "node:path";
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

/**
 * Between the two rounds of bundling, in front of paths of parts and of shared modules, which are those in the project: what the
 * programs contain decides of the names that minifying gives, and two checkouts must make the same executable.
 */
const PREFIX = "part:";
const SHARED_PREFIX = "shared:";
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
      // CommonJS that the second round understands as a module, not as a finished file.
      target: "node",
      format: "cjs",
      external: ["bun:*", "node:*"],
      // Only what runs from the sources has a directory.
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
