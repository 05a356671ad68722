/** A document that is not JSON: the error has the place and what was found, and on a terminal the line. */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { onTerminal } from "../harness/consoles.ts";
import { buncOnly, root } from "../harness/requirements.ts";
import { scenario } from "../harness/scenario.ts";

const needs = [root, buncOnly];

const documents: { name: string; text: string | Uint8Array; place: string; words: string }[] = [
  { name: "empty", text: "", place: "line 1, column 1", words: "found the end of the file" },
  {
    name: "with a byte order mark",
    text: "\ufeff{}",
    place: "line 1, column 1",
    words: "no byte order mark",
  },
  {
    name: "with a comma too many",
    text: '{\n  "a": 1,\n}',
    place: "line 2, column 9",
    words: 'no "," before "}"',
  },
  { name: "with a comment", text: "{\n  // why\n}", place: "line 2, column 3", words: "no comments" },
  { name: "cut off", text: '{\n  "a": [1, 2', place: "line 2, column 13", words: 'accepted: "," or "]"' },
  { name: "with a NUL byte", text: '{"a": 1,\n \0}', place: "line 2, column 2", words: '"\\u0000"' },
  {
    name: "with bytes that are not UTF-8",
    text: new Uint8Array([...'{\n "a": "'].map((c) => c.charCodeAt(0)).concat(0xff, 0x22, 0x7d)),
    place: "line 2, column 8",
    words: "not UTF-8: byte 0xff",
  },
  {
    name: "nested too deep",
    text: `{"a": ${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
    place: "line 1, column 1006",
    words: "at most 1000 levels of nesting",
  },
  {
    name: "of a long line",
    text: `{"a": "${"x".repeat(10_000_000)}" "b"}`,
    place: "line 1, column 10000010",
    words: 'found "b"',
  },
];

for (const { name, text, place, words } of documents) {
  scenario(`a config.json ${name}: its place`, needs, async (box) => {
    const bundle = box.probe([]);
    bundle.writeRaw(text);
    const result = await box.call(["create", "--bundle", bundle.directory, box.id()]);
    expect(result.status).toBe(1);
    expect(result.stderr.replaceAll('\\"', '"').replaceAll("\\\\", "\\")).toContain(place);
    expect(result.stderr.replaceAll('\\"', '"').replaceAll("\\\\", "\\")).toContain(words);
    expect(result.stderr.length).toBeLessThan(1000);
  });
}

scenario(
  "a terminal shows the line with a caret, and no more of a long one than fits",
  needs,
  async (box) => {
    const bundle = box.probe([]);
    bundle.writeRaw(`{\n  "root": tru,\n  "b": "${"x".repeat(100_000)}"}`);
    const command = box.commandLine(["create", "--bundle", bundle.directory, box.id()]);
    const { status, output } = await onTerminal(["env", "TERM=xterm", ...command]);
    expect(status).toBe(1);
    expect(output.replaceAll("\r", "")).toContain('     2 |   "root": tru,\n       |           ^');
    bundle.writeRaw(`{"b": "${"x".repeat(100_000)}", c}`);
    const long = await onTerminal(["env", "TERM=xterm", ...command]);
    expect(long.output.length).toBeLessThan(500);
    expect(long.output).toContain('xxx", c}');
  },
);

scenario("the JSON log has line and column as data", needs, async (box) => {
  const bundle = box.probe([]);
  bundle.writeRaw('{"a": 1,\n "b" 2}');
  const log = box.path("log");
  await box.call(["--log", log, "--log-format", "json", "create", "--bundle", bundle.directory, box.id()]);
  expect(JSON.parse(readFileSync(log, "utf8")).config_errors).toEqual([
    { path: "", line: 2, column: 6, found: '"2"', accepted: '":" after the member name' },
  ]);
});

scenario(
  "process.json, resources and mounts files, also on standard input, and state.json",
  needs,
  async (box) => {
    const id = await box.started(box.probe(["sleep"]));
    const file = box.path("broken.json");
    writeFileSync(file, '{\n  "args": [x]\n}');
    const place = 'line 2, column 12: found \\"x\\", accepted: a value';
    for (const [args, stdin] of [
      [["exec", "--process", file, id], undefined],
      [["update", "--resources", file, id], undefined],
      [["update", "--resources", "-", id], readFileSync(file, "utf8")],
      [["mounts", "add", id, file], undefined],
      [["mounts", "add", id, "-"], readFileSync(file, "utf8")],
    ] as const) {
      const result = await box.call([...args], stdin === undefined ? {} : { stdin });
      expect([args, result.status === 0]).toEqual([args, false]);
      expect(result.stderr).toContain(place);
      expect(result.stderr).toContain(stdin === undefined ? file : "standard input");
    }
    const state = `${box.root}/${id}/state.json`;
    const whole = readFileSync(state, "utf8");
    writeFileSync(state, "{\n x");
    const result = await box.call(["state", id]);
    writeFileSync(state, whole);
    expect(result.stderr).toContain('state.json: line 2, column 2: found \\"x\\"');
  },
);
