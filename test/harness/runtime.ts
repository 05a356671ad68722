/** Which runtime the suite tests: `RUNTIME=bunc` (default: dist/bunc), `runc`, `crun`, or a path to one. */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { projectRoot } from "./project.ts";

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface Runtime {
  /** `bunc`, `runc`, `crun`: decides what is asserted. */
  name: string;
  path: string;
  /** Global flags that this runtime needs on this machine. */
  globalFlags: string[];
}

/** The runtime called `name` (or at that path), or undefined if it is not installed. */
export function findRuntime(name: string): Runtime | undefined {
  const path =
    name === "bunc"
      ? resolve(projectRoot, "dist/bunc")
      : name.includes("/")
        ? resolve(name)
        : Bun.which(name, { PATH: searchPath });
  if (path === null || !existsSync(path)) return undefined;
  const short = basename(path);
  // crun 1.8 raises RLIMIT_MEMLOCK for its device filter, which needs a capability that CI machines lack.
  const globalFlags = short === "crun" ? ["--cgroup-manager=disabled"] : [];
  return { name: short, path, globalFlags };
}

const wanted = Bun.env["RUNTIME"] ?? "bunc";
const found = findRuntime(wanted);
if (found === undefined)
  throw new Error(`RUNTIME=${wanted}: no such runtime; dist/bunc is made by: npm run build`);

export const runtime: Runtime = found;
export const isBunc = runtime.name === "bunc";

export interface Result {
  /** Exit status; 128 + signal when killed. */
  status: number;
  stdout: string;
  stderr: string;
}

const start = Bun.env["BUNC_START"];

/** The environment that Podman and CRI-O give their runtime, plus BUNC_START=normal if the tests are run with it. */
export const bareEnvironment: Record<string, string> = {
  PATH: searchPath,
  ...(start === undefined ? {} : { BUNC_START: start }),
};

/** An error without the escapes of logrus' text format, which writes quotation marks as `\\"`. */
export const unquoted = (text: string) => text.replaceAll('\\"', '"');
