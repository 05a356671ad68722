import { describe, expect, test } from "bun:test";
import { RuntimeError } from "./errors.ts";
import {
  asRuntimeError,
  cannotCheckpoint,
  cannotDelete,
  cannotExec,
  cannotStart,
  cgroupFrozen,
  cgroupNotEmpty,
  consoleSocketNeedsTerminal,
  containerDoesNotExist,
  containerExists,
  containerNotPaused,
  containerNotRunning,
  execArgumentsEmpty,
  holdsTriggerText,
  initOomKilled,
  preservedFdMissing,
  specificationExists,
  specificationNotFound,
  systemCallFailed,
  terminalNeedsConsoleSocket,
  wrapCommandError,
} from "./messages.ts";

/** The left side is what runc 1.5 prints, letter for letter. */
const texts: [string, RuntimeError][] = [
  ["container does not exist", containerDoesNotExist("x")],
  ["container with given ID already exists", containerExists("x")],
  ["container not running", containerNotRunning()],
  ["container not paused", containerNotPaused()],
  ["container's cgroup is not empty: 3 process(es) found", cgroupNotEmpty("/c", 3)],
  ["container's cgroup unexpectedly frozen", cgroupFrozen("/c")],
  ["cannot start a container that has stopped", cannotStart("stopped")],
  ["cannot start an already running container", cannotStart("running")],
  ["cannot start a container in the paused state", cannotStart("paused")],
  ["cannot delete container x that is not stopped: running", cannotDelete("x", "running")],
  ["cannot exec in a stopped container", cannotExec("stopped")],
  ["cannot exec in a paused container (use --ignore-paused to override)", cannotExec("paused")],
  ["Container cannot be checkpointed in created state", cannotCheckpoint("created")],
  ["JSON specification file config.json not found", specificationNotFound("config.json")],
  ["File config.json exists. Remove it first", specificationExists("config.json")],
  ["exec args cannot be empty", execArgumentsEmpty()],
  ["cannot allocate tty if runc will detach without setting console socket", terminalNeedsConsoleSocket()],
  ["cannot use console socket if runc will not detach or allocate tty", consoleSocketNeedsTerminal()],
  ["unable to stat preserved-fd 1 (of 2): no such file or directory", preservedFdMissing(4, 1, 2)],
  ["container init was OOM-killed (memory limit too low?)", initOomKilled()],
  ["open /x: permission denied", systemCallFailed("open", "/x", 13)],
];

test.each(texts)("%s", (text, error) => {
  expect(error.message).toBe(text);
  expect(holdsTriggerText(error.hint ?? "")).toBe(false);
});

describe("what was thrown becomes a RuntimeError", () => {
  const systemError = (code: string, syscall?: string, path?: string) =>
    Object.assign(new Error(`${code}: whatever`), { code, syscall, path });
  const cases: [unknown, string, number | undefined][] = [
    [systemError("ENOENT", "open", "/x"), "open /x: no such file or directory", 2],
    [systemError("EACCES", "mkdir", "/run/runc"), "mkdir /run/runc: permission denied", 13],
    [systemError("EPIPE", "write"), "write: broken pipe", 32],
    [systemError("ERR_SOMETHING", "open", "/x"), "ERR_SOMETHING: whatever", undefined],
    [new TypeError("bad"), "bad", undefined],
    ["text", "text", undefined],
    [undefined, "undefined", undefined],
  ];
  test.each(cases)("%p", (thrown, message, errno) => {
    const error = asRuntimeError(thrown);
    expect(error.message).toBe(message);
    expect(error.errno).toBe(errno as number);
  });
});

describe("a command's failure has runc's prefix and exit status", () => {
  const cases: [verb: string, message: string, exitCode: number][] = [
    ["create", "runc create failed: x", 1],
    ["run", "runc run failed: x", 1],
    ["exec", "exec failed: x", 255],
    ["start", "x", 1],
    ["state", "x", 1],
    ["restore", "x", 1],
  ];
  test.each(cases)("%s: %s", (verb, message, exitCode) => {
    const details = {
      step: "s",
      path: "p",
      subject: "mounts[0]",
      errno: 1,
      hint: "h",
      detail: "d",
      configErrors: [],
    };
    const error = wrapCommandError(verb, new RuntimeError("x", details));
    expect(error).toMatchObject({ ...details, message, exitCode });
  });
});
