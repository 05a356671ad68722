/** argv → exit status: logs the failure, and exits. */

import { loadHandler } from "./cli/handlers.ts";
import { parseCommandLine, type VerbInvocation } from "./cli/program.ts";
import { NativeError, RuntimeError, UsageError } from "./failure/errors.ts";
import { wrapCommandError } from "./failure/messages.ts";
// Imported here so that the record is taken out of the environment before any program is started.
import { startRecord } from "./host/start-record.ts";
import { createLog, type LogOutput } from "./log/log.ts";
import { linked } from "./native/linked.ts";
import type { CommandContext } from "./verbs/verbs.ts";
import { versionText } from "./version.ts";

/** Nothing has been parsed yet, or the global flags are wrong: errors go to standard error. */
const DEFAULT_LOG = { file: undefined, format: "text", level: undefined, debug: false } as const;

/** Runs one command line and returns its exit status. Never throws. */
export async function main(words: readonly string[], programName: string): Promise<number> {
  let log = createLog(DEFAULT_LOG, logOutput);
  try {
    const { globals, invocation } = parseCommandLine(words, programName);
    log = createLog(
      { file: globals.log, format: globals.logFormat, level: globals.logLevel, debug: globals.debug },
      logOutput,
    );
    const request = invocation();
    if (request.kind === "version") {
      console.log(versionText());
      return 0;
    }
    if (request.kind === "help") {
      console.log(request.text);
      return 0;
    }
    const { root, rootless, cgroupManager: driver } = globals;
    return await runVerb(request, { root, rootless, driver, log, programName });
  } catch (error) {
    if (error instanceof UsageError && error.help !== undefined) {
      console.log(`Incorrect Usage.\n\n${error.help}\n`);
    }
    log.failure(error);
    return error instanceof RuntimeError ? error.exitCode : 1;
  }
}

async function runVerb(invocation: VerbInvocation, context: CommandContext): Promise<number> {
  try {
    const run = loadHandler(invocation.verb);
    if (!context.log.debugging) return await run(invocation.options, invocation.args, context);
    const { logged }: typeof import("./cli/debug-log.ts") = require("./cli/debug-log.ts");
    return await logged(context.log, invocation, () => run(invocation.options, invocation.args, context));
  } catch (error) {
    throw wrapCommandError(invocation.verb, error);
  }
}

/** Failures of the log are swallowed here: they must not change the exit status. */
const logOutput: LogOutput = {
  appendFile: (path, text) => {
    try {
      appendFile(path, text);
    } catch {}
  },
  writeError: (text) => {
    try {
      console.error(text);
    } catch {}
  },
  errorIsTerminal: () => {
    // A daemon's environment has no TERM, so it does not pay the 2 ms that loading node:tty takes.
    if (process.env["TERM"] === undefined) return false;
    const tty: typeof import("node:tty") = require("node:tty");
    return tty.isatty(2);
  },
  now: () => new Date(),
};

/** Through the core, or with node:fs if the core cannot be loaded. */
function appendFile(path: string, text: string): void {
  const mode = 0o644;
  try {
    const { native }: typeof import("./native/call.ts") = require("./native/call.ts");
    native("append_file", { path, text, mode });
  } catch (error) {
    if (error instanceof NativeError) return;
    const fs: typeof import("node:fs") = require("node:fs");
    fs.appendFileSync(path, text, { mode });
  }
}

/**
 * Through the core if a command has linked it, without Bun's own end: process.exit takes fifty page faults;
 * linking the core would take more. All output has been written: console and core are synchronous.
 */
function leave(status: number): void {
  if (linked.core !== undefined) {
    const { native }: typeof import("./native/call.ts") = require("./native/call.ts");
    native("exit", { status });
  }
  process.exit(status);
}

/** "/usr/bin/runc" → "runc". */
function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * `image`: this is the program of which the build takes the image (build/image.ts); what comes after is a command of a
 * process that starts from there. No top-level await: bytecode is only made of CommonJS.
 */
async function begin(image: boolean): Promise<number> {
  // A compiled program's argv begins with two words of Bun's own; argv0 is the name it was called by.
  if (!image) return main(process.argv.slice(2), baseName(process.argv0));
  const { takeImage }: typeof import("./image.ts") = require("./image.ts");
  const [program = "", ...words] = await takeImage(main);
  return main(words, baseName(program));
}

begin(startRecord?.kind === "recording").then(leave);
