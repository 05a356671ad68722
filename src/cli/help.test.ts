import { expect, test } from "bun:test";
import { rootHelp } from "./help.ts";

test.each(["runc", "bunc", "bunc-main"])("help calls the program %s", (name) => {
  expect(rootHelp(name)).toStartWith(`NAME:\n   ${name} - `);
  expect(rootHelp(name)).toContain(`\n   ${name} [global options] command`);
  expect(rootHelp(name)).toContain(`# ${name} run `);
});
