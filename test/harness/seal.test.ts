/** Random input has left files and cgroups on machines: a seal prevents that. */
import { expect } from "bun:test";
import { watchOutside } from "./outside.ts";
import { buncOnly } from "./requirements.ts";
import type { Result } from "./runtime.ts";
import type { Sandbox } from "./sandbox.ts";
import { scenario } from "./scenario.ts";
import { sealable } from "./seal.ts";

/** A scenario with one call. */
function sealed(
  what: string,
  call: (box: Sandbox) => Promise<Result>,
  check: (result: Result) => void = () => {},
): void {
  scenario(`sealed: ${what}`, [...sealable, buncOnly], async (box) => {
    const added = watchOutside();
    await box.seal();
    check(await call(box));
    expect(added()).toEqual([]);
  });
}

const refused = ({ status, stderr }: Result) =>
  expect([status, stderr]).toEqual([1, expect.stringMatching(/read-only file system/i)]);

const anywhere = (box: Sandbox) => ["--bundle", box.probe([]).directory, box.id()];

sealed("--log /astray", (box) => box.call(["--log", "/astray", "run", ...anywhere(box)]));
sealed("--root /astray", (box) => box.call(["--root", "/astray", "run", ...anywhere(box)]), refused);
sealed("--pid-file /astray", (box) => box.call(["run", "--pid-file", "/astray", ...anywhere(box)]), refused);

for (const path of [" ", " /a b/c ", "/", "../..", "/astray/x"]) {
  sealed(`a cgroupsPath of "${path}"`, (box) => {
    const bundle = box.probe([], (config) => {
      config.linux.cgroupsPath = path;
    });
    return box.run(bundle);
  });
}
