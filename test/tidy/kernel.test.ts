/** One way into the kernel (zig/sys/kernel.zig), so that a test can stand in for all of it. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { projectFiles } from "./files.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8").replace(/\/\/.*$/gm, "");
const core = projectFiles.filter((path) => /^zig\/.*\.zig$/.test(path));

/** What enters the kernel by itself, and why. */
const apart: [pattern: RegExp, why: string][] = [
  [/^zig\/sys\/real\.zig$/, "the backend that is the kernel"],
  [/^zig\/entry(\.zig$|\/)/, "the first code of the executable: there is no core yet"],
  [/^zig\/image(\.zig$|\/)/, "puts the memory of a program in place of its own"],
  [/^zig\/cxx(\.zig$|\/)/, "stands for libc, for Bun's calls"],
  [/^zig\/memset\.zig$/, "makes no call"],
  [/^zig\/parent\/signals\.zig$/, "handlers return through std's restorer"],
];

test("only the backend makes system calls", () => {
  // Functions of std.os.linux are lower case; what begins with a capital is a constant or a type.
  const entry = /\b(?:std\.)?(?:os\.)?linux\.[a-z]\w*\(|\bstd\.posix\.[a-z]\w*\(|\basm volatile/;
  const withoutTests = (text: string) => text.replace(/^test [\s\S]*?^}/gm, "");
  const pure = /\blinux\.(?:errno|sigemptyset|sigaddset)\(/g;
  const found = core.flatMap((path) => {
    if (apart.some(([pattern]) => pattern.test(path))) return [];
    const call = entry.exec(withoutTests(read(path)).replace(pure, "("))?.[0];
    // A change of stacks is no call.
    return call === undefined || (call === "asm volatile" && path === "zig/init/own_stack.zig")
      ? []
      : [`${path}: ${call}`];
  });
  expect(found).toEqual([]);
});

test("the list of what is apart has no entry that is not needed", () => {
  const unused = apart.filter(([pattern]) => !core.some((path) => pattern.test(path)));
  expect(unused).toEqual([]);
});

test("zig/sys.zig passes on nothing that nobody uses", () => {
  const passed = [...read("zig/sys.zig").matchAll(/^pub const (\w+) = \w+\.\w+;$/gm)].map(
    ([, name = ""]) => name,
  );
  expect(passed.length).toBeGreaterThan(100);
  const users = projectFiles
    .filter((path) => path.endsWith(".zig") && path !== "zig/sys.zig" && !path.startsWith("zig/sys/"))
    .map(read)
    .join("\n");
  const used = new Set([...users.matchAll(/\bsys(?:\.zig"\))?\.(\w+)/g)].map(([, name]) => name));
  expect(passed.filter((name) => !used.has(name))).toEqual([]);
});
