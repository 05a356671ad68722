/** Nothing is declared that nothing needs: what only its own tests call is dead too. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { projectFiles } from "./files.ts";
import { withoutComments } from "./imports.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const isTest = (path: string) => path.startsWith("test/") || path.endsWith(".test.ts");

/** How often each word stands in a text. */
function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(/[A-Za-z_]\w*/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Stand-ins for modules of Node, for tests of others, and what a generator writes. */
const notOurs = /^src\/cli\/commander-host\/|\/fake-[a-z]+\.ts$|\.gen\.ts$/;

test("every export of TypeScript is imported somewhere, and needed beyond tests", () => {
  const files = projectFiles.filter((path) => path.endsWith(".ts"));
  const texts = new Map(files.map((path) => [path, withoutComments(read(path))]));
  const words = new Map([...texts].map(([path, text]) => [path, countWords(text)]));
  const dead = files
    .filter((path) => !notOurs.test(path))
    .flatMap((path) => {
      const declared = /^export (?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm;
      return [...(texts.get(path) as string).matchAll(declared)].flatMap(([, name = ""]) => {
        const users = files.filter((other) => other !== path && words.get(other)?.has(name));
        if (users.length === 0) return [`${path}: ${name} is exported for nobody`];
        const isNeeded = isTest(path) || words.get(path)?.get(name) !== 1 || !users.every(isTest);
        return isNeeded ? [] : [`${path}: ${name} is there for tests only`];
      });
    });
  expect(dead).toEqual([]);
});

/** Names that Zig's standard library looks for. */
const known = new Set(["main", "panic", "std_options", "jsonParse", "jsonStringify", "format"]);

test("every declaration of Zig is mentioned somewhere, and a public function in another file", () => {
  const files = projectFiles.filter((path) => path.endsWith(".zig"));
  const texts = new Map(files.map((path) => [path, read(path).replace(/\/\/.*$/gm, "")]));
  const words = new Map([...texts].map(([path, text]) => [path, countWords(text)]));
  const dead = files.flatMap((path) => {
    const declared = /^( *)(pub )?(?:inline )?(fn|const|var) (\w+)/gm;
    return [...(texts.get(path) as string).matchAll(declared)].flatMap(
      ([, indent, isPublic, kind, name = ""]) => {
        // A name within a function is the compiler's business.
        if (known.has(name) || (indent !== "" && isPublic === undefined)) return [];
        const isUsedElsewhere = files.some((other) => other !== path && words.get(other)?.has(name));
        if (isUsedElsewhere) return [];
        if (words.get(path)?.get(name) === 1) return [`${path}: ${name} is mentioned nowhere`];
        const isOutermost = indent === "" && isPublic !== undefined && kind === "fn";
        return isOutermost ? [`${path}: ${name} is public for nobody`] : [];
      },
    );
  });
  expect(dead).toEqual([]);
});

test("errnos have names", () => {
  const shipped = projectFiles.filter(
    (path) => /^(src\/.*\.ts|zig\/.*\.zig)$/.test(path) && !isTest(path) && !notOurs.test(path),
  );
  const number = /errno(?:Text|Name)\(\d|errno(?:: | [!=]==? )-?[1-9]|\.errno = [1-9]/;
  expect(shipped.filter((path) => number.test(read(path).replace(/^test "[\s\S]*?^}/gm, "")))).toEqual([]);
});
