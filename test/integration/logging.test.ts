import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Edit } from "../harness/config.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

scenario("a failure is exactly one JSON record in the log", [root], async (box) => {
  const log = box.path("log.json");
  const result = await box.call(["--log", log, "--log-format", "json", "state", box.id()]);
  expect(result.status).toBe(1);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  expect(lines.length).toBe(1);
  const record = JSON.parse(lines[0] as string);
  expect(record).toMatchObject({ level: "error", msg: "container does not exist" });
  expect(record.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
});

scenario("the whole log is one JSON value, whatever failed", [root], async (box) => {
  const bundles = [
    box.bundle((config) => {
      config.process.args = ["missing"];
    }),
    box.probe([], (config) => {
      config.process.cwd = "relative";
    }),
  ];
  for (const [index, bundle] of bundles.entries()) {
    const log = box.path(`log-${index}.json`);
    const args = ["--log", log, "--log-format=json", "create", "--bundle", bundle.directory, box.id()];
    expect((await box.call(args)).status).toBe(1);
    expect(JSON.parse(readFileSync(log, "utf8")).level).toBe("error");
  }
});

scenario("the log is appended to", [root], async (box) => {
  const log = box.path("log.json");
  writeFileSync(log, "first\n");
  await box.call(["--log", log, "--log-format", "json", "state", box.id()]);
  expect(readFileSync(log, "utf8")).toStartWith("first\n{");
});

scenario("success leaves the log empty", [root], async (box) => {
  const log = box.path("log.json");
  await box.must([
    "--log",
    log,
    "--log-format",
    "json",
    "run",
    "--bundle",
    box.probe([]).directory,
    box.id(),
  ]);
  expect(existsSync(log) ? readFileSync(log, "utf8") : "").toBe("");
});

scenario("text format", [root], async (box) => {
  const log = box.path("log.txt");
  await box.call(["--log", log, "state", box.id()]);
  expect(readFileSync(log, "utf8")).toMatch(/^time="[^"]+" level=error msg="container does not exist"/);
});

scenario("with a log file the error stands on stderr too", [root], async (box) => {
  const result = await box.call(["--log", box.path("log"), "--log-format", "json", "state", box.id()]);
  expect(result.stderr).toContain("container does not exist");
});

scenario("a log that is not writable is refused", [root], async (box) => {
  const result = await box.call(["--log", "/no/such/directory/log", "list"]);
  expect(result.status).not.toBe(0);
  expect(result.stderr).toMatch(/no such file or directory/);
});

scenario("a read-only file system for stderr does not change the status", [root], async (box) => {
  const wrapper = ["sh", "-c", 'exec "$@" 2>/dev/full', "sh"];
  expect((await box.call(["state", box.id()], { wrapper })).status).toBe(1);
});

scenario("--debug says more, and changes no result", [root], async (box) => {
  const log = box.path("log.json");
  const bundle = box.probe(["exit:5"]);
  const args = [
    "--debug",
    "--log",
    log,
    "--log-format",
    "json",
    "run",
    "--bundle",
    bundle.directory,
    box.id(),
  ];
  expect((await box.call(args)).status).toBe(5);
  const text = existsSync(log) ? readFileSync(log, "utf8") : "";
  for (const line of text.split("\n").filter((candidate) => candidate !== "")) {
    expect(["debug", "info", "warning"]).toContain(JSON.parse(line).level);
  }
});

/** The specification requires absolute destinations; runc accepts others, with a warning. */
const relativeDestination: Edit = (config) => {
  config.mounts.push({ destination: "relative", type: "tmpfs", source: "tmpfs" });
  config.root.readonly = false;
};

scenario("a warning names its place, and stops nothing", [root, buncOnly], async (box) => {
  const { status, stderr } = await box.run(box.probe([], relativeDestination));
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /^time="[^"]+" level=warning msg="mount destination relative is not absolute\..*" found="[^ ]+" subject="mounts\[7\]\.destination"\n$/,
  );
});

scenario("warnings of a configuration that has errors too", [root, buncOnly], async (box) => {
  const log = box.path("log.json");
  const bundle = box.probe([], (config) => {
    relativeDestination(config);
    config.process.cwd = "relative";
  });
  const result = await box.call([
    ...["--log", log, "--log-format=json"],
    ...["explain", "--bundle", bundle.directory, box.id()],
  ]);
  expect(result.status).toBe(1);
  const record = JSON.parse(readFileSync(log, "utf8"));
  expect(record.config_errors).toMatchObject([{ path: "process.cwd" }]);
  expect(record.warnings).toMatchObject([{ path: "mounts[7].destination", found: '"relative"' }]);
});

scenario("explain shows what create would warn of", [root, buncOnly], async (box) => {
  const { directory } = box.probe([], relativeDestination);
  const text = (await box.must(["explain", "--bundle", directory, box.id()])).stdout;
  expect(text).toMatch(/\n\ncreate would warn:\n {2}mounts\[7\]\.destination: mount destination relative /);
  const { warnings } = JSON.parse((await box.must(["explain", "--json", "--bundle", directory])).stdout);
  expect(warnings).toMatchObject([{ path: "mounts[7].destination", found: '"relative"' }]);
});
