/** Every text that names the program uses the name under which it was called, because hosts install it as runc. */

import { expect } from "bun:test";
import { symlinkSync } from "node:fs";
import { buncOnly } from "../harness/requirements.ts";
import { bareEnvironment, runtime } from "../harness/runtime.ts";
import { scenario } from "../harness/scenario.ts";

const VERBS = [
  "checkpoint",
  "create",
  "delete",
  "events",
  "exec",
  "kill",
  "list",
  "pause",
  "ps",
  "restore",
  "resume",
];
const MORE_VERBS = ["run", "spec", "start", "state", "update"];

for (const name of ["runc", "another-name"]) {
  scenario(`called ${name}, help and usage errors say so`, [buncOnly], async (box) => {
    const link = box.path(name);
    symlinkSync(runtime.path, link);
    const called = (...args: string[]) => {
      const { exitCode, stdout, stderr } = Bun.spawnSync([link, ...args], { env: bareEnvironment });
      return { status: exitCode, lines: stdout.toString().split("\n"), text: `${stdout}${stderr}` };
    };
    for (const flag of ["-h", "--help"]) {
      const help = called(flag);
      expect(help.status).toBe(0);
      expect(help.lines.slice(0, 2)).toEqual(["NAME:", `   ${name} - Open Container Initiative runtime`]);
      expect(help.text).not.toMatch(/\bbunc\b/);
    }
    for (const verb of [...VERBS, ...MORE_VERBS]) {
      const help = called(verb, "-h");
      expect(help.status).toBe(0);
      expect(help.lines[1]).toStartWith(`   ${name} ${verb} - `);
      expect(help.text).not.toMatch(/\bbunc\b/);
    }
    const usage = called("run");
    expect(usage.status).not.toBe(0);
    expect(usage.text).toContain(`${name}: `);
    expect(usage.text).not.toMatch(/\bbunc\b/);
    expect(called("foo", "-h").text).toContain("No help topic for 'foo'");
  });
}
