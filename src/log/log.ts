/**
 * runc's logging contract. Records go to the --log file (appended) or to standard error, as logrus writes
 * them: JSON with sorted keys, or `time="…" level=error msg="…"`. A failing command writes exactly one error
 * record, because Podman parses the whole file as one JSON object and containerd takes the last record; with
 * a --log file the bare message also goes to standard error. A failure of the log itself is never an error.
 */

import { type Excerpt, failureMessage, RuntimeError } from "../failure/errors.ts";
import type { Warning } from "../failure/warning.ts";
import { errnoName } from "../kernel/errno.ts";

/** From the most severe. */
export const LOG_LEVELS = ["error", "warning", "info", "debug"] as const;
type LogLevel = (typeof LOG_LEVELS)[number];
type LogFormat = "text" | "json";

/** What the global flags say about the log. */
export interface LogSettings {
  /** Absolute path; undefined: standard error. */
  file: string | undefined;
  format: LogFormat;
  /** Undefined: warnings and errors. */
  level: LogLevel | undefined;
  /** --debug: everything. */
  debug: boolean;
}

export type Fields = Record<string, unknown>;

/** The outside world of the log. None of these may throw. */
export interface LogOutput {
  /** Appends to the file, making it with mode 0644 when it is not there; failures are ignored. */
  appendFile: (path: string, text: string) => void;
  /** Writes to standard error, with a final newline added. */
  writeError: (text: string) => void;
  errorIsTerminal: () => boolean;
  now: () => Date;
}

/** Where a command reports to. Nothing here throws. */
export interface Log {
  /** Whether debug records are written. */
  readonly debugging: boolean;
  debug: (message: string, fields?: Fields) => void;
  warning: (warning: Warning | string) => void;
  warnings: (warnings: readonly Warning[]) => void;
  /** Why a process in the foreground ended: for a person at a terminal, and for the log file. */
  ending: (message: string) => void;
  /** Why the command fails. Called once, by main. */
  failure: (error: unknown) => void;
}

/** A log with these settings, written through `output`. */
export function createLog(settings: LogSettings, output: LogOutput): Log {
  const level = settings.debug ? "debug" : (settings.level ?? "warning");
  const threshold = LOG_LEVELS.indexOf(level);
  // A warning must not precede the error in a JSON file, unless the caller asked for a level: it waits,
  // and becomes part of the error record.
  const holdWarnings =
    settings.file !== undefined &&
    settings.format === "json" &&
    settings.level === undefined &&
    !settings.debug;
  const held: Warning[] = [];

  const write = (recordLevel: LogLevel, given: string, extra: Fields, excerpt?: Excerpt): void => {
    if (LOG_LEVELS.indexOf(recordLevel) > threshold) return;
    const message = visibleBytes(given);
    const fields = visibleFields(extra);
    if (settings.file === undefined && settings.format === "text" && output.errorIsTerminal()) {
      output.writeError(terminalRecord(recordLevel, message, fields, excerpt));
      return;
    }
    const record = { ...fields, level: recordLevel, msg: message, time: timestamp(output.now()) };
    const text = settings.format === "json" ? jsonRecord(record) : textRecord(record, fields);
    if (settings.file === undefined) output.writeError(text);
    else output.appendFile(settings.file, `${text}\n`);
  };

  const warn = (given: Warning | string): void => {
    const warning = typeof given === "string" ? { message: given } : given;
    if (holdWarnings) held.push(warning);
    else write("warning", warning.message, { subject: warning.path, found: warning.found });
  };

  return {
    debugging: level === "debug",
    debug: (message, fields = {}) => write("debug", message, fields),
    warning: warn,
    warnings: (warnings) => warnings.forEach(warn),
    ending: (message) => {
      if (LOG_LEVELS.indexOf("warning") > threshold) return;
      // Standard error is the container's too: a reader of a pipe or file gets nothing in between.
      const isSeen = output.errorIsTerminal();
      if (settings.file !== undefined || isSeen) write("warning", message, {});
      if (settings.file !== undefined && isSeen)
        output.writeError(terminalRecord("warning", visibleBytes(message), {}));
    },
    failure: (error) => {
      if (error instanceof RuntimeError) error.warnings?.forEach(warn);
      const fields = failureFields(error, settings.format);
      if (held.length > 0) fields["warnings"] = held;
      const message = failureMessage(error);
      const ofProgram = error instanceof RuntimeError && error.inPlaceOfProgram;
      if (ofProgram && settings.file === undefined && settings.format === "text") {
        const lines = output.errorIsTerminal() ? fieldLines(visibleFields(fields)) : [];
        output.writeError([printable(visibleBytes(message)), ...lines].join("\n"));
        return;
      }
      write("error", message, fields, error instanceof RuntimeError ? error.excerpt : undefined);
      if (settings.file !== undefined) output.writeError(visibleBytes(message));
    },
  };
}

/**
 * The extra keys of the error record; none differs from level, msg or time only by case. The mistakes of a
 * configuration are in the message; JSON also has them as data, for programs.
 */
function failureFields(error: unknown, format: LogFormat): Fields {
  // An unexpected error: a bug report needs the stack.
  const origin = originOf(error);
  const stack = origin instanceof Error && !(origin instanceof RuntimeError) ? origin.stack : undefined;
  if (!(error instanceof RuntimeError)) return { stack };
  const { step, path, subject, detail, hint } = error;
  const errno = error.errno ? errnoName(error.errno) : undefined;
  const config_errors = format === "json" ? error.configErrors : undefined;
  return { stack, step, path, subject, errno, detail, hint, config_errors };
}

/** Bytes that are not UTF-8 come from the core as NUL and two digits (zig/json.zig); shown as "\xff". */
function visibleBytes(text: string): string {
  return text.replaceAll(/\0([0-9a-f]{2})/g, "\\x$1");
}

/** Those that there are. */
function visibleFields(fields: Fields): Fields {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    there.map(([key, value]) => [key, typeof value === "string" ? visibleBytes(value) : value]),
  );
}

function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof Error && origin.cause !== undefined) origin = origin.cause;
  return origin;
}

/** RFC 3339 in UTC, whole seconds: `2026-01-02T15:04:05Z`. */
function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function jsonRecord(record: Fields): string {
  return JSON.stringify(Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** logrus's text format: time, level and msg first, then the other fields by name. */
function textRecord(record: Fields, fields: Fields): string {
  const keys = ["time", "level", "msg", ...Object.keys(fields).sort()];
  return keys.map((key) => `${key}=${textValue(record[key])}`).join(" ");
}

function textValue(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[A-Za-z0-9._/@^+-]*$/.test(text) ? text : quoteAsGo(text);
}

/** Go's strconv.Quote. */
function quoteAsGo(text: string): string {
  const escaped = text.replaceAll(/["\\\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    switch (character) {
      case '"':
      case "\\":
        return `\\${character}`;
      case "\n":
        return "\\n";
      case "\r":
        return "\\r";
      case "\t":
        return "\\t";
    }
    const code = character.codePointAt(0) as number;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code < 0x10000
      ? `\\u${code.toString(16).padStart(4, "0")}`
      : `\\U${code.toString(16).padStart(8, "0")}`;
  });
  return `"${escaped}"`;
}

const TERMINAL_LABELS: Readonly<Record<LogLevel, string>> = {
  error: "ERRO",
  warning: "WARN",
  info: "INFO",
  debug: "DEBU",
};

/** For a person at a terminal: the message first, then one line for each thing known about it. */
function terminalRecord(level: LogLevel, message: string, fields: Fields, excerpt?: Excerpt): string {
  const lines = [`${TERMINAL_LABELS[level]} ${printable(message)}`];
  if (excerpt !== undefined) for (const line of excerptLines(excerpt)) lines.push(line);
  return [...lines, ...fieldLines(fields)].join("\n");
}

function fieldLines(fields: Fields): string[] {
  return Object.entries(fields).map(
    ([key, value]) => `     ${key}: ${printable(typeof value === "string" ? value : JSON.stringify(value))}`,
  );
}

/** The line with its number, and a caret below the place. */
function excerptLines({ line, before, after }: Excerpt): string[] {
  const shown = (text: string) => printable(text.replaceAll("\t", " "));
  const margin = `     ${line} | `;
  return [
    `${margin}${shown(before)}${shown(after)}`,
    `${" ".repeat(margin.length - 2)}| ${" ".repeat([...shown(before)].length)}^`,
  ];
}

/** Names from a bundle may contain terminal control sequences, which are shown, not sent. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) =>
    character === "\n" || character === "\t" ? character : quoteAsGo(character).slice(1, -1),
  );
}
