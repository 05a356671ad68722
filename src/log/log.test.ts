import { describe, expect, test } from "bun:test";
import { RuntimeError } from "../failure/errors.ts";
import { createLog, type LogSettings } from "./log.ts";

const WHEN = "2026-01-02T15:04:05Z";

function recorder(settings: Partial<LogSettings>, terminal = false) {
  const file: string[] = [];
  const stderr: string[] = [];
  const log = createLog(
    { file: undefined, format: "text", level: undefined, debug: false, ...settings },
    {
      appendFile: (_path, text) => file.push(text),
      writeError: (text) => stderr.push(text),
      errorIsTerminal: () => terminal,
      now: () => new Date("2026-01-02T15:04:05.678Z"),
    },
  );
  return { log, file, stderr };
}

const error = new RuntimeError("runc create failed: open /x: permission denied", {
  step: "open",
  path: "/x",
  errno: 13,
  hint: "look",
});

describe("a failure is exactly one record", () => {
  test("json in a file: sorted keys, an RFC 3339 time, and the bare message on standard error", () => {
    const { log, file, stderr } = recorder({ file: "/l", format: "json" });
    log.debug("d");
    log.failure(error);
    expect(file).toEqual([
      `{"errno":"EACCES","hint":"look","level":"error","msg":"${error.message}","path":"/x","step":"open","time":"${WHEN}"}\n`,
    ]);
    expect(stderr).toEqual([error.message]);
  });

  test("text in a file", () => {
    const { log, file, stderr } = recorder({ file: "/l" });
    log.failure(error);
    expect(file).toEqual([
      `time="${WHEN}" level=error msg="${error.message}" errno=EACCES hint=look path=/x step=open\n`,
    ]);
    expect(stderr).toEqual([error.message]);
  });

  test("text on standard error", () => {
    const { log, file, stderr } = recorder({});
    log.failure(new RuntimeError("container does not exist"));
    expect(file).toEqual([]);
    expect(stderr).toEqual([`time="${WHEN}" level=error msg="container does not exist"`]);
  });

  test("json on standard error is not repeated there", () => {
    const { log, stderr } = recorder({ format: "json" });
    log.failure(new RuntimeError("x"));
    expect(stderr).toEqual([`{"level":"error","msg":"x","time":"${WHEN}"}`]);
  });

  test("for a person at a terminal: message, then what is known, control characters shown", () => {
    const { log, stderr } = recorder({}, true);
    log.failure(new RuntimeError("open /\u001b[2J: permission denied", { errno: 13, hint: "look" }));
    expect(stderr).toEqual(["ERRO open /\\x1b[2J: permission denied\n     errno: EACCES\n     hint: look"]);
  });

  test("text that is no JSON: a terminal shows the line, with a caret below the place", () => {
    const broken = new RuntimeError("invalid config.json: line 3, column 5: m", {
      excerpt: { line: 3, before: "\ta\u001b: ", after: "x,\u0007" },
    });
    const { log, stderr } = recorder({}, true);
    log.failure(broken);
    expect(stderr).toEqual([
      "ERRO invalid config.json: line 3, column 5: m\n     3 |  a\\x1b: x,\\x07\n       |         ^",
    ]);
    const plain = recorder({});
    plain.log.failure(broken);
    expect(plain.stderr).toEqual([
      `time="${WHEN}" level=error msg="invalid config.json: line 3, column 5: m"`,
    ]);
  });

  test("the mistakes of a configuration as data are for JSON; for people they stand in the message", () => {
    const invalid = new RuntimeError("invalid config.json: 2 problems:\n  a\n  b", {
      configErrors: [{ path: "a", accepted: "x" }],
    });
    for (const [settings, terminal] of [
      [{}, false],
      [{}, true],
      [{ file: "/l" }, false],
    ] as const) {
      const { log, stderr, file } = recorder(settings, terminal);
      log.failure(invalid);
      expect([...stderr, ...file].join("")).not.toContain("config_errors");
    }
    const { log, file } = recorder({ file: "/l", format: "json" });
    log.failure(invalid);
    expect(JSON.parse(file.join("")).config_errors).toEqual([{ path: "a", accepted: "x" }]);
  });

  test("warnings before it become part of it in a JSON file: Podman parses the whole file as one object", () => {
    const { log, file } = recorder({ file: "/l", format: "json" });
    log.warning("first");
    log.failure(new RuntimeError("x", { warnings: [{ path: "mounts", found: "[]", message: "second" }] }));
    const [record = ""] = file;
    expect(JSON.parse(record).warnings).toEqual([
      { message: "first" },
      { path: "mounts", found: "[]", message: "second" },
    ]);
    expect(file).toHaveLength(1);
  });

  test("elsewhere a warning is a record of its own, with its place, before the error", () => {
    const { log, stderr } = recorder({});
    const warnings = [{ path: "mounts[0].type", found: '"x"', message: "second" }];
    log.warning({ path: "process", message: "first" });
    log.failure(new RuntimeError("x", { warnings }));
    expect(stderr).toEqual([
      `time="${WHEN}" level=warning msg=first subject=process`,
      `time="${WHEN}" level=warning msg=second found="\\"x\\"" subject="mounts[0].type"`,
      `time="${WHEN}" level=error msg=x`,
    ]);
  });

  test("an unforeseen error brings its stack, also from within a command's prefix", () => {
    const cause = new TypeError("undefined is not a function");
    for (const thrown of [
      cause,
      new RuntimeError("outer", { cause: new RuntimeError("inner", { cause }) }),
    ]) {
      const { log, file } = recorder({ file: "/l", format: "json" });
      log.failure(thrown);
      expect(JSON.parse(file.join("")).stack).toContain("undefined is not a function");
    }
  });

  test("anything that is thrown can be logged", () => {
    for (const thrown of [undefined, null, 1, "text", {}, Symbol.iterator]) {
      const { log, file } = recorder({ file: "/l", format: "json" });
      log.failure(thrown);
      expect(file).toHaveLength(1);
      expect(JSON.parse(file.join("")).level).toBe("error");
    }
  });
});

describe("why a process in the foreground ended", () => {
  const cases: [settings: Partial<LogSettings>, terminal: boolean, file: string[], stderr: string[]][] = [
    [{}, false, [], []],
    [{}, true, [], ["WARN why"]],
    [{ file: "/l" }, false, [`time="${WHEN}" level=warning msg=why\n`], []],
    [{ file: "/l" }, true, [`time="${WHEN}" level=warning msg=why\n`], ["WARN why"]],
    [{ file: "/l", format: "json" }, false, [`{"level":"warning","msg":"why","time":"${WHEN}"}\n`], []],
    [{ format: "json" }, false, [], []],
    [{ level: "error" }, true, [], []],
    [{ file: "/l", level: "error" }, true, [], []],
  ];
  test.each(cases)("%p, terminal: %p", (settings, terminal, expectedFile, expectedStderr) => {
    const { log, file, stderr } = recorder(settings, terminal);
    log.ending("why");
    expect([file, stderr]).toEqual([expectedFile, expectedStderr]);
  });
});

describe("levels", () => {
  const cases: [Partial<LogSettings>, string[]][] = [
    [{}, ["warning", "error"]],
    [{ level: "error" }, ["error"]],
    [{ level: "info" }, ["warning", "error"]],
    [{ debug: true }, ["debug", "warning", "error"]],
    [{ debug: true, level: "error" }, ["debug", "warning", "error"]],
    [{ file: "/l", format: "json", level: "warning" }, ["warning", "error"]],
  ];
  test.each(cases)("%p", (settings, expected) => {
    const { log, file, stderr } = recorder(settings);
    log.debug("m");
    log.warning("m");
    log.failure(new RuntimeError("m"));
    const records = settings.file === undefined ? stderr : file;
    expect(records.map((record) => /level"?[=:]"?([a-z]+)/.exec(record)?.[1] ?? record)).toEqual(expected);
  });
});

test.each([
  ["plain", "plain"],
  ["two words", '"two words"'],
  ["a=b", '"a=b"'],
  ["/a.b-c_d@e^f+g", "/a.b-c_d@e^f+g"],
  ['say "x"\\', '"say \\"x\\"\\\\"'],
  ["line\nline\t\u001b\u0000", '"line\\nline\\t\\x1b\\x00"'],
  ["umläut", '"umläut"'],
  ["\u202e", '"\\u202e"'],
  ["", ""],
])("the text value %p is written %p", (text, written) => {
  const { log, stderr } = recorder({});
  log.warning(text);
  expect(stderr).toEqual([`time="${WHEN}" level=warning msg=${written}`]);
});

describe("what stands in place of the program's output", () => {
  const given = error.forProgram("exec /run.sh: no such file or directory", 255);

  test("is the message alone, on a terminal with what is known", () => {
    for (const [terminal, expected] of [
      [false, given.message],
      [true, `${given.message}\n     step: open\n     path: /x\n     errno: EACCES\n     hint: look`],
    ] as const) {
      const { log, stderr } = recorder({}, terminal);
      log.failure(given);
      expect(stderr).toEqual([expected]);
    }
  });

  test("is a whole record in a log file, and in JSON", () => {
    const { log, file, stderr } = recorder({ file: "/l", format: "json" });
    log.failure(given);
    expect(JSON.parse(file[0] ?? "")).toMatchObject({ level: "error", msg: given.message, hint: "look" });
    expect(stderr).toEqual([given.message]);
  });
});
