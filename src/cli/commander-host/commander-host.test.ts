/** The stand-ins must cover what the installed commander imports, and no more than that. */

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { EventEmitter } from "./events.ts";

const library = new URL("lib/", import.meta.resolve("commander"));
const source = readdirSync(library)
  .filter((file) => file.endsWith(".js"))
  .map((file) => readFileSync(new URL(file, library), "utf8"))
  .join("\n");

test("every module that commander imports has a stand-in, written as the build's rewrite expects", () => {
  const imported = new Set([...source.matchAll(/from 'node:(\w+)'/g)].map(([, name]) => name));
  const standIns = readdirSync(import.meta.dir)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.replace(/\.ts$/, ""));
  expect([...imported].sort()).toEqual(standIns.sort());
  const otherImports = source
    .split("\n")
    .filter((line) => /from "node:|^[^*/]*\b(require|import)\(/.test(line));
  expect(otherImports).toEqual([]);
});

test("commander uses no more of EventEmitter than there is", () => {
  const used = new Set(
    [
      ...source.matchAll(
        /this(?:\.parent)?\.(on|once|off|emit|listenerCount|listeners|removeListener|removeAllListeners|prependListener)\(/g,
      ),
    ].map(([, method]) => method),
  );
  expect([...used].sort()).toEqual(["emit", "listenerCount", "on"]);
  expect(/super\.(on|emit|addListener)/.test(source)).toBe(false);
});

test("EventEmitter calls its listeners in order, with itself as this", () => {
  const emitter = new EventEmitter();
  const calls: unknown[] = [];
  emitter
    .on("x", function (this: unknown, value) {
      calls.push([this === emitter, value]);
    })
    .on("x", (value) => calls.push(value));
  expect(emitter.emit("x", 1)).toBe(true);
  expect(emitter.emit("y")).toBe(false);
  expect(calls).toEqual([[true, 1], 1]);
  expect([emitter.listenerCount("x"), emitter.listenerCount("y")]).toEqual([2, 0]);
});
