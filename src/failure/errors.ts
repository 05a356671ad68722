/**
 * The error everything in bunc throws: one class, whose message is what runc's callers expect to read. Each class here
 * exists once in the program (build/parts.ts), so this module imports nothing but types.
 */

import type { Failure } from "../native/boundary.gen.ts";
import type { Warning } from "./warning.ts";

/** One mistake in a configuration: where, what stands there, what is accepted. */
export interface ConfigError {
  /** Config path: `process.rlimits[2].hard`. */
  path: string;
  /** The value found, as JSON text; absent where nothing stands there. */
  found?: string;
  /** What is accepted there. */
  accepted: string;
  /** Position in a text that is not JSON, both from 1. */
  line?: number;
  column?: number;
  /** What was probably meant, as JSON: `"RLIMIT_NOFILE"`, `"a" or "b"`. */
  suggestion?: string | undefined;
}

/** A line of a text, or a piece of a long one, split where something is wrong. Shown on a terminal with a caret. */
export interface Excerpt {
  /** From 1. */
  line: number;
  before: string;
  after: string;
}

/** What is known beyond the message. It goes into extra keys of the one log record. */
export interface RuntimeErrorDetails {
  /** Exit status of the process; 1 unless said otherwise. */
  exitCode?: number | undefined;
  /** What was being done: a system call or a named step. */
  step?: string | undefined;
  /** The file, directory or name it was done on. */
  path?: string | undefined;
  /** The config path that asked for it: `mounts[3]`. */
  subject?: string | undefined;
  /** Linux errno number. */
  errno?: number | undefined;
  /** What the kernel or another program said about it, word for word. */
  detail?: string | undefined;
  /** What to do about it, for a person. Never contains a text that callers match on (messages.ts). */
  hint?: string | undefined;
  /** Every mistake found in a configuration file. */
  configErrors?: readonly ConfigError[] | undefined;
  /** Warnings about that file. */
  warnings?: readonly Warning[] | undefined;
  /** The line where the text stops being JSON. */
  excerpt?: Excerpt | undefined;
  /** It takes the place of the user's program's output: the message alone, not a log record. */
  inPlaceOfProgram?: boolean | undefined;
  cause?: unknown;
}

/** The message, and the exit status and details that go with it. */
export class RuntimeError extends Error {
  readonly exitCode: number;
  readonly step: string | undefined;
  readonly path: string | undefined;
  readonly subject: string | undefined;
  readonly errno: number | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly configErrors: readonly ConfigError[] | undefined;
  readonly warnings: readonly Warning[] | undefined;
  readonly excerpt: Excerpt | undefined;
  readonly inPlaceOfProgram: boolean;

  constructor(message: string, details: RuntimeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "RuntimeError";
    this.exitCode = details.exitCode ?? 1;
    this.step = details.step;
    this.path = details.path;
    this.subject = details.subject;
    this.errno = details.errno;
    this.detail = details.detail;
    this.hint = details.hint;
    this.configErrors = details.configErrors;
    this.warnings = details.warnings;
    this.excerpt = details.excerpt;
    this.inPlaceOfProgram = details.inPlaceOfProgram ?? false;
  }

  /** The same error seen from further out: new words and exit status, the same details. */
  wrap(message: string, exitCode: number = this.exitCode): RuntimeError {
    return new RuntimeError(message, { ...this, exitCode, cause: this });
  }

  /** The same error in place of the program's own output. */
  forProgram(message: string, exitCode: number): RuntimeError {
    return new RuntimeError(message, { ...this, exitCode, inPlaceOfProgram: true, cause: this });
  }

  /** The same error with a hint. */
  withHint(hint: string): RuntimeError {
    return new RuntimeError(this.message, { ...this, hint, cause: this });
  }
}

/** What the core reports when a call fails, in words, with its record for callers that know more (failure.ts). */
export class NativeError extends RuntimeError {
  readonly failure: Failure;

  constructor(inWords: RuntimeError, failure: Failure) {
    super(inWords.message, inWords);
    this.name = "NativeError";
    this.failure = failure;
  }
}

/** Calls the core. What it throws when a call fails is what `explain` makes of that. */
export function orExplain<Result>(calls: () => Result, explain: (error: NativeError) => unknown): Result {
  try {
    return calls();
  } catch (error) {
    throw error instanceof NativeError ? explain(error) : error;
  }
}

/** The command line itself is wrong. `help` is the usage text of the command concerned. */
export class UsageError extends RuntimeError {
  readonly help: string | undefined;

  constructor(message: string, details: RuntimeErrorDetails & { help?: string } = {}) {
    super(message, details);
    this.name = "UsageError";
    this.help = details.help;
  }
}

/** The message of anything that was thrown. */
export function failureMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
