import { expect, test } from "bun:test";
import { createLog } from "../log/log.ts";
import { UndoList } from "./undo-list.ts";

function undoing() {
  const said: string[] = [];
  const log = createLog(
    { file: undefined, format: "json", level: undefined, debug: false },
    {
      appendFile: () => undefined,
      writeError: (text) => said.push(JSON.parse(text).msg),
      errorIsTerminal: () => false,
      now: () => new Date(0),
    },
  );
  return { said, undo: new UndoList(log) };
}

test("the last step is undone first, and the container forgotten at the end", () => {
  const { said, undo } = undoing();
  const done: string[] = [];
  for (const step of ["cgroups", "process"]) undo.add(() => done.push(step));
  expect(undo.run(() => done.push("state"))).toBe(true);
  expect(done).toEqual(["process", "cgroups", "state"]);
  expect(said).toEqual([]);
});

test("what cannot be undone does not keep the rest from it, but the container is not forgotten", () => {
  const { said, undo } = undoing();
  const done: string[] = [];
  undo.add(() => done.push("cgroups"));
  undo.add(() => {
    throw new Error("busy");
  });
  expect(undo.run(() => done.push("state"))).toBe(false);
  expect(done).toEqual(["cgroups"]);
  expect(said).toEqual(["undoing the creation: busy"]);
});

test("what follows is done once nothing is left, each of it", () => {
  const { said, undo } = undoing();
  const done: string[] = [];
  undo.addAfterwards(() => {
    throw new Error("a hook");
  });
  undo.addAfterwards(() => done.push("another hook"));
  expect(undo.run(() => undefined)).toBe(true);
  expect(done).toEqual([]);
  undo.afterwards();
  expect(done).toEqual(["another hook"]);
  expect(said).toEqual(["undoing the creation: a hook"]);
});
