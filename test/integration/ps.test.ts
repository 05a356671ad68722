/** `ps`: the processes of a container, as JSON and as ps(1) shows them. */
import { expect } from "bun:test";
import { command, root } from "../harness/requirements.ts";
import type { Sandbox } from "../harness/sandbox.ts";
import { until } from "../harness/sandbox.ts";
import { scenario } from "../harness/scenario.ts";

const pids = async (box: Sandbox, id: string) =>
  JSON.parse((await box.must(["ps", "--format", "json", id])).stdout) as number[];

async function withThree(box: Sandbox): Promise<{ id: string; all: number[] }> {
  const id = await box.started(box.probe(["fork:2", "sleep"]));
  const all = await until("there are three processes", async () => {
    const now = await pids(box, id);
    return now.length === 3 ? now : undefined;
  });
  return { id, all };
}

scenario("ps --format json is one line with the pids", [root], async (box) => {
  const { id, all } = await withThree(box);
  expect(all).toContain((await box.state(id)).pid);
  const { stdout, stderr } = await box.must(["ps", "-f", "json", id]);
  expect([stdout, stderr]).toEqual([`${JSON.stringify(all)}\n`, ""]);
});

scenario(
  "ps: the table has ps(1)'s header and the container's processes",
  [root, command("ps")],
  async (box) => {
    const { id, all } = await withThree(box);
    const { stdout, stderr } = await box.must(["ps", id]);
    const [header, ...lines] = stdout.trimEnd().split("\n");
    expect(header).toMatch(/^UID +PID +PPID/);
    expect(lines.map((line) => Number(line.split(/\s+/)[1])).sort()).toEqual([...all].sort());
    expect(stderr).toBe("");
  },
);

scenario("ps: options behind the id are ps(1)'s", [root, command("ps")], async (box) => {
  const { id, all } = await withThree(box);
  const cases: [words: string[], header: RegExp, lines: number][] = [
    [["-e", "-o", "pid,args"], /^ +PID COMMAND$/, 3],
    // go-runc passes all of them in one argument.
    [["-eopid,ppid"], /^ +PID +PPID$/, 3],
    [["-o", "pid", "-p", "1"], /^ +PID$/, 0],
    [["aux"], /^USER +PID/, 3],
  ];
  for (const [words, header, count] of cases) {
    const [first = "", ...lines] = (await box.must(["ps", id, ...words])).stdout.trimEnd().split("\n");
    expect(first).toMatch(header);
    expect([words, lines.length]).toEqual([words, count]);
  }
  expect(all.length).toBe(3);
});

scenario("ps: what cannot be filtered is an error", [root, command("ps")], async (box) => {
  const id = await box.started(box.probe(["sleep"]));
  const without = await box.call(["ps", id, "-eo", "args"]);
  expect(without.status).toBe(1);
  expect(without.stderr).toContain("couldn't find PID field in ps output");
  const unknown = await box.call(["ps", id, "--no-such-option"]);
  expect(unknown.status).toBe(1);
  expect(unknown.stderr).toContain("exit status 1: ");
  expect((await box.call(["ps", `${id}-other`])).stderr).toContain("container does not exist");
});

scenario("ps: a created container has one process, a stopped one none", [root], async (box) => {
  const id = await box.create(box.probe(["sleep"]));
  expect(await pids(box, id)).toEqual([(await box.state(id)).pid]);
  await box.must(["kill", id, "KILL"]);
  await box.waitFor(id, "stopped");
  expect((await box.must(["ps", "--format", "json", id])).stdout).toBe("null\n");
});
