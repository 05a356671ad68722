import { expect, test } from "bun:test";
import { join } from "node:path";

test("every rehearsed command ends well", () => {
  const program = `
    process.exit = () => undefined;
    process.argv = ["bun", "bunc", "--version"];
    const { main } = await import(${JSON.stringify(join(import.meta.dir, "../main.ts"))});
    const { rehearse } = await import(${JSON.stringify(join(import.meta.dir, "rehearsal.ts"))});
    await rehearse(main);
    await rehearse(main);
    console.log("rehearsed");
  `;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", program]);
  expect(stderr.toString()).toBe("");
  expect(stdout.toString()).toEndWith("rehearsed\n");
});
