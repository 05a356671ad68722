/** The rules that matter, kept by a test and not by prose (CONTRIBUTING.md says why each is there). */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, normalize } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { tiers } from "../tiers.ts";
import { projectFiles as files } from "./files.ts";
import { staticImports } from "./imports.ts";

const tool = (name: string) => join(projectRoot, "node_modules/.bin", name);

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const typescript = files.filter((path) => path.endsWith(".ts"));
const zig = files.filter((path) => path.endsWith(".zig"));
const sources = [...typescript, ...zig];
const shipped = typescript.filter((path) => path.startsWith("src/") && !path.endsWith(".test.ts"));

/** `path: what is wrong` for each offender; the rule holds when there is none. */
const offenders = (
  paths: string[],
  complaint: (text: string, path: string) => string | null | undefined | false,
) =>
  paths.flatMap((path) => {
    const found = complaint(read(path), path);
    return found ? [`${path}: ${found}`] : [];
  });

/** Longer than 400 lines for a reason. */
const longFiles: Record<string, string> = {
  "src/native/boundary.gen.ts": "generated",
  "src/cli/program.test.ts": "tables of command lines",
  "src/verbs/values.test.ts": "tables of values",
  "src/oci/config.test.ts": "tables of configurations",
  "test/contract/cases.ts": "a table of configurations",
  "zig/rehearsal/host.zig": "an answer to each system call",
  "zig/rehearsal/willing.zig": "an answer to each system call",
};

/** Commands that clients call for every container: nothing they load may import Node's modules at the top. */
const hotCommands = ["create", "start", "state", "kill", "delete", "run", "exec", "list"];

/** Stand-ins for Node's modules: named as those are. */
const namedByOthers = "src/cli/commander-host/";
const named = sources.filter((path) => !path.startsWith(namedByOthers));

describe("files", () => {
  test("no file is longer than 400 lines", () => {
    const found = offenders(sources, (text, path) => {
      const lines = text.split("\n").length - 1;
      return lines > 400 && longFiles[path] === undefined && `${lines} lines`;
    });
    expect(found).toEqual([]);
  });

  test("the list of long files has no entry that is not needed", () => {
    for (const path of Object.keys(longFiles)) {
      if (path.endsWith(".gen.ts")) continue;
      expect([path, read(path).split("\n").length > 400]).toEqual([path, true]);
    }
  });

  test("TypeScript names are kebab-case, Zig names snake_case", () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|gen|d))?\.ts$/;
    expect(named.filter((path) => path.endsWith(".ts") && !kebab.test(basename(path)))).toEqual([]);
    expect(zig.filter((path) => !/^[a-z0-9]+(_[a-z0-9]+)*\.zig$/.test(basename(path)))).toEqual([]);
  });

  test("nothing is called utils, helpers, common or misc", () => {
    expect(named.filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\.|\/|_|-)/.test(path))).toEqual([]);
  });

  test("nothing is left to do", () => {
    // In halves, so that this file holds none.
    const marker = new RegExp(
      `\\b(${["TO", "FIX", "XX"].map((head, at) => head + ["DO", "ME", "X"][at]).join("|")})\\b`,
    );
    expect(
      offenders(
        [...sources, ...files.filter((path) => path.endsWith(".md"))],
        (text) => marker.exec(text)?.[0],
      ),
    ).toEqual([]);
  });

  test("no path of one machine", () => {
    const machine = new RegExp(["/wor" + "k/", "/hom" + "e/[a-z]+/", "/tmp/re" + "f"].join("|"));
    const text = files.filter((path) => /\.(ts|zig|md|json|toml|sh)$|^\.ci\/|^\.npmrc$/.test(path));
    expect(offenders(text, (content) => machine.exec(content)?.[0])).toEqual([]);
  });

  test("every test file is in a tier that npm test knows", () => {
    const folders = tiers.flatMap((tier) => tier.folders.map((folder) => `${folder}/`));
    const tests = typescript.filter((path) => path.endsWith(".test.ts"));
    expect(tests.filter((path) => !folders.some((folder) => path.startsWith(folder)))).toEqual([]);
  });

  test("files that a comment names are there", () => {
    const found = offenders(sources, (text) =>
      [...text.matchAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm)]
        .flatMap(([comment]) => [
          ...comment.matchAll(/(?<![\w./*-])(?:[\w-]+\/)*[\w-]+\.(?:zig|ts)\b(?!\.)/g),
        ])
        .map(([name]) => name)
        .filter((name) => !files.some((path) => path === name || path.endsWith(`/${name}`)))
        .join(", "),
    );
    expect(found).toEqual([]);
  });

  test("every Zig file says what it is for", () => {
    expect(offenders(zig, (text) => !text.startsWith("//!") && "no //! at its head")).toEqual([]);
  });
});

describe("TypeScript", () => {
  test("relative imports name the file with its extension", () => {
    const found = offenders(typescript, (text) =>
      [...text.matchAll(/(?:from|import\()\s*"(\.[^"]*)"/g)]
        .map((match) => match[1] as string)
        .filter((specifier) => !/\.(ts|json|md|txt)$/.test(specifier))
        .join(", "),
    );
    expect(found).toEqual([]);
  });

  test("shipped code does not use process.stdout.write (16 ms, and O_NONBLOCK on the caller's pipe)", () => {
    expect(
      offenders(shipped, (text) => /process\s*\.\s*std(out|err)\s*\.\s*write\s*\(/.exec(text)?.[0]),
    ).toEqual([]);
  });

  test("shipped code asks nothing of the process before the image is taken (docs/decisions/0007-image.md)", () => {
    // Bun keeps its environment and PATH of the start, and its random numbers would be the same in every process.
    const kept = /\bBun\.env\b|\bBun\.which\([^{}]*\)|\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/;
    expect(offenders(shipped, (text) => kept.exec(text)?.[0])).toEqual([]);
    // At the outermost level of a module.
    const early =
      /^(?:export )?(?:const|let) [^=\n]*= (?:process\.(?:cwd|env|pid|argv)|new Date|Date\.now|performance\.now)/m;
    expect(offenders(shipped, (text) => early.exec(text)?.[0])).toEqual([]);
  });

  test("shipped code waits for nothing in the event loop, which a process from the image has not", () => {
    const waits =
      /\bBun\.(?:spawn|sleep|connect|listen|serve|udpSocket|file)\(|\bset(?:Timeout|Interval|Immediate)\(|\bfetch\(|\bnew (?:Worker|WebSocket)\b|\bfs\.promises\b|["']node:(?:fs\/promises|net|child_process|worker_threads|dns|https?)["']/;
    expect(offenders(shipped, (text) => waits.exec(text)?.[0])).toEqual([]);
  });

  test("no list becomes the arguments of a call: from some 65,000 on they do not fit on the stack", () => {
    // Not the rest parameter of a function type; constants have few items.
    const spread = /[\w)\]>]\((?:[^()[\]{}]*,)?\s*\.\.\.(?!\w+:|[A-Z_]+\))|\.apply\(\w+, (?!args\))/;
    const tried = [
      "list.push(...more)",
      "Math.max(0, ...widths)",
      "a.push(\n...(b ?? []))",
      "f.apply(x, list)",
    ];
    for (const text of tried) expect(spread.test(text)).toBe(true);
    for (const text of ["[...list]", "f({ ...a })", "(...words: string[])", 'of("", ...WORDS)'])
      expect(spread.test(text)).toBe(false);
    expect(offenders(shipped, (text) => spread.exec(text)?.[0])).toEqual([]);
  });

  test("nothing logs and exits but main.ts", () => {
    const found = offenders(
      shipped,
      (text, path) => path !== "src/main.ts" && /process\.exit\(/.exec(text)?.[0],
    );
    expect(found).toEqual([]);
  });

  test("what a hot command loads imports no node: module at the top", () => {
    const roots = ["src/main.ts", ...hotCommands.map((verb) => `src/commands/${verb}.ts`)].filter((path) =>
      existsSync(join(projectRoot, path)),
    );
    const reached = new Set<string>();
    const queue = [...roots];
    while (queue.length > 0) {
      const path = queue.pop() as string;
      if (reached.has(path)) continue;
      reached.add(path);
      for (const specifier of staticImports(read(path))) {
        if (specifier.startsWith(".") && specifier.endsWith(".ts"))
          queue.push(normalize(join(dirname(path), specifier)));
      }
    }
    expect(reached.size).toBeGreaterThan(roots.length);
    const found = offenders([...reached], (text) =>
      staticImports(text)
        .filter((specifier) => specifier.startsWith("node:"))
        .join(", "),
    );
    expect(found).toEqual([]);
  });

  test("the compiler has nothing to say", () => {
    const result = Bun.spawnSync([tool("tsc"), "--noEmit"], { cwd: projectRoot });
    expect(result.stdout.toString()).toBe("");
  }, 120_000);

  test("the linter and formatter have nothing to say", () => {
    const result = Bun.spawnSync([tool("biome"), "ci", "--colors=off", "--max-diagnostics=100", "."], {
      cwd: projectRoot,
    });
    // One line per finding is enough: `npm run check` shows them in full.
    const findings = `${result.stdout}${result.stderr}`.match(
      /^\S+ (lint|format|assist|parse)\S* ━+|^\S+:\d+:\d+ \S+/gm,
    );
    expect(result.success ? [] : findings?.map((line) => line.replace(/ ?━+$/, ""))).toEqual([]);
  }, 120_000);
});

describe("Zig", () => {
  test("lines are at most 110 columns wide, diagrams aside", () => {
    const isWide = (line: string) => [...line].length > 110 && !/^\s*\/\/.*[─│┌└]/.test(line);
    expect(offenders(zig, (text) => text.split("\n").find(isWide))).toEqual([]);
  });

  test("all that is shipped is built with safety checks, but for one function of C", () => {
    const modes = [...read("build.zig").matchAll(/path\("([^"]+)"\)|\.optimize = \.(\w+)/g)].reduce(
      ({ source, unchecked }, [, path = source, mode]) => ({
        source: path,
        unchecked: mode === "ReleaseFast" || mode === "ReleaseSmall" ? [...unchecked, source] : unchecked,
      }),
      { source: "", unchecked: [] as string[] },
    );
    expect(modes.unchecked).toEqual(["zig/memset.zig"]);
    expect(offenders(zig, (text) => /@setRuntimeSafety\(false\)/.exec(text)?.[0])).toEqual([]);
  });

  test("zig fmt has nothing to say", () => {
    const result = Bun.spawnSync([tool("zig"), "fmt", "--check", "build.zig", "zig", "test"], {
      cwd: projectRoot,
    });
    expect(result.stdout.toString()).toBe("");
  }, 120_000);

  test("no libc in the core", () => {
    const core = zig.filter((path) => path.startsWith("zig/"));
    expect(offenders(core, (text) => /\bstd\.c\.|@cImport|extern "c"/.exec(text)?.[0])).toEqual([]);
  });

  test("the generated side of the boundary is fresh", () => {
    const directory = mkdtempSync(join(tmpdir(), "bunc-tidy-"));
    const embedded = join(directory, "bunc-init");
    writeFileSync(embedded, "");
    const generator = ["--dep", "bunc-init", "-Mroot=zig/codegen.zig", `-Mbunc-init=${embedded}`];
    const result = Bun.spawnSync([tool("zig"), "run", ...generator], { cwd: projectRoot });
    rmSync(directory, { recursive: true });
    expect(result.success ? "" : result.stderr.toString()).toBe("");
    // Both sides were read before: another process may be building.
    expect(
      result.stdout.toString() === read("src/native/boundary.gen.ts") ? "" : "stale: run npm run gen",
    ).toBe("");
  }, 180_000);
});

describe("documents", () => {
  const documents = files.filter((path) => path.endsWith(".md"));

  test("links lead somewhere", () => {
    const found = offenders(documents, (text, path) =>
      [...text.matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
        .map((match) => match[1] as string)
        .filter(
          (target) =>
            !/^[a-z]+:/.test(target) && !existsSync(join(projectRoot, dirname(path), decodeURI(target))),
        )
        .join(", "),
    );
    expect(found).toEqual([]);
  });

  test("files that a document names are there", () => {
    const found = offenders(documents, (text) =>
      [...text.matchAll(/`((?:src|zig|test|docs|demo)\/[\w./-]+\.(?:ts|zig|md))`/g)]
        .map((match) => match[1] as string)
        .filter((target) => !existsSync(join(projectRoot, target)))
        .join(", "),
    );
    expect(found).toEqual([]);
  });
});

describe("the package", () => {
  const description = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;

  test("every dependency has one exact version", () => {
    const versions = { ...description["dependencies"], ...description["devDependencies"] };
    expect(Object.entries(versions).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test("every script names a file that is there", () => {
    const missing = Object.entries(description["scripts"] ?? {}).flatMap(([name, command]) =>
      [...command.matchAll(/\bbun ((?:test|demo)\/\S+\.ts|build\.ts)/g)]
        .map((match) => match[1] as string)
        .filter((path) => !existsSync(join(projectRoot, path)))
        .map((path) => `${name}: ${path}`),
    );
    expect(missing).toEqual([]);
  });
});
