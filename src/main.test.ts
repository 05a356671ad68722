/** The program from outside: exit statuses, what goes where, and the log. */

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const directory = mkdtempSync(join(tmpdir(), "bunc-main-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs main.ts with the words, through a shell for its redirections. */
function run(words: string, redirections = "") {
  const command = `exec "${process.execPath}" "${join(import.meta.dir, "main.ts")}" ${words} ${redirections}`;
  const { exitCode, stdout, stderr } = Bun.spawnSync(["/bin/sh", "-c", command], { cwd: directory });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test("--version has the lines that clients parse", () => {
  const { exitCode, stdout, stderr } = run("--version");
  const lines = stdout.split("\n");
  expect(lines[0]).toMatch(/^runc version [0-9]+\.[0-9]+\.[0-9]+$/);
  expect(lines[1]).toMatch(/^commit: \S+$/);
  expect(lines[2]).toMatch(/^spec: [0-9]+\.[0-9]+\.[0-9]+$/);
  expect(lines[3]).toMatch(/^bunc: [0-9]+\.[0-9]+\.[0-9]+$/);
  expect([exitCode, stderr, lines.slice(4)]).toEqual([0, "", [""]]);
});

test.each(["--help", "create --help", "checkpoint --help", "exec -h", "help run", ""])(
  "help: %s",
  (words) => {
    const { exitCode, stdout, stderr } = run(words);
    expect(stdout).toStartWith("NAME:\n");
    expect([exitCode, stderr]).toEqual([0, ""]);
  },
);

test("a usage error: help on standard output, one record on standard error", () => {
  const { exitCode, stdout, stderr } = run("restore --lsm-mount-context");
  expect(stdout).toStartWith("Incorrect Usage.\n\nNAME:\n");
  expect(stderr).toMatch(/^time="[^"]+" level=error msg="flag needs an argument: --lsm-mount-context"\n$/);
  expect(exitCode).toBe(1);
});

test("an unknown command", () => {
  const { exitCode, stdout, stderr } = run("foo");
  expect(stderr).toContain(`msg="No help topic for 'foo'"`);
  expect([exitCode, stdout]).toEqual([3, ""]);
});

test("with --log the file gets exactly one JSON record, appended, and standard error the message", () => {
  const log = join(directory, "log.json");
  for (const count of [1, 2]) {
    const { exitCode, stderr } = run(`--log log.json --log-format json state a/b`);
    expect([exitCode, stderr]).toEqual([1, "invalid container ID format\n"]);
    const records = readFileSync(log, "utf8").trimEnd().split("\n");
    expect(records).toHaveLength(count);
    expect(JSON.parse(records[0] as string)).toMatchObject({
      level: "error",
      msg: "invalid container ID format",
      path: "a/b",
    });
  }
});

describe("trouble with the log or the standard streams does not change the exit status", () => {
  const cases = [
    ["--log /nonexistent/log foo", ""],
    ["--log / foo", ""],
    ["--log /dev/full foo", ""],
    ["foo", "2>/dev/full"],
    ["foo", "2>&-"],
    ["foo", "1>&- 2>&-"],
    ["foo", "0<&- 1>&- 2>&-"],
    ["--log /dev/full foo", "1>/dev/full 2>/dev/full"],
  ] as const;
  test.each(cases)("%s %s", (words, redirections) => {
    expect(run(words, redirections).exitCode).toBe(3);
  });

  test("a reader of standard error that has gone away", async () => {
    const command = `"${process.execPath}" "${join(import.meta.dir, "main.ts")}" foo`;
    const script = `{ { ${command}; echo $? >&3; } 2>&1 | true; } 3>&1`;
    const shell = Bun.spawnSync(["/bin/sh", "-c", script], { cwd: directory });
    expect(shell.stdout.toString()).toBe("3\n");
  });
});
