/**
 * A release in the hands of who installs it, as docs/INSTALL.md says: from its package for Debian, its archive, the
 * executable alone, and npm's packages; used, upgraded and removed.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { projectRoot } from "../harness/project.ts";
import { ownedDirectory } from "../vm/owned-directory.ts";
import { runTool } from "../vm/process.ts";
import { bundle, busyboxRoot, debianRoot, emptyRoot, filesOf, inRoot, inScratch } from "./roots.ts";

const timeoutMs = 10 * 60_000;
let release: string;

beforeAll(async () => {
  release = ownedDirectory(tmpdir(), "bunc-release");
  const dist = join(projectRoot, "build/dist.ts");
  await runTool([process.execPath, dist, "--arch=x64", "--no-build", `--output=${release}`]);
}, timeoutMs);
afterAll(() => rmSync(release, { recursive: true, force: true }));

function released(pattern: RegExp): string {
  const name = readdirSync(release).find((file) => pattern.test(file));
  if (name === undefined) throw new Error(`the release has no file ${pattern}`);
  return join(release, name);
}

/** `bunc` stands for the runtime's name; prints what the container's process prints. */
const hello = (bunc: string) => `
${bunc} spec --bundle /tmp/bundle --no-terminal --args /bin/sh --args -c --args 'echo hello from $HOSTNAME' --env HOSTNAME=inside
${bunc} run --bundle /tmp/bundle hello
`;

/** As Debian's own packages are upgraded: another version, packed anew. */
async function withVersion(deb: string, next: string, directory: string): Promise<string> {
  const [tree, target] = [join(directory, "tree"), join(directory, `${next}.deb`)];
  await runTool(["dpkg-deb", "--raw-extract", deb, tree]);
  await runTool(["sed", "-i", `s/^Version: .*/Version: ${next}/`, join(tree, "DEBIAN/control")]);
  await runTool(["dpkg-deb", "-Znone", "--build", tree, target]);
  rmSync(tree, { recursive: true });
  return target;
}

test(
  "Debian: installed as runc, upgraded under a running container, removed without a trace",
  () =>
    inScratch(async (directory) => {
      const root = join(directory, "root");
      await debianRoot(root);
      const before = await filesOf(root);
      bundle(join(root, "tmp/bundle"));
      copyFileSync(released(/_amd64\.deb$/), join(root, "tmp/this.deb"));
      copyFileSync(
        await withVersion(released(/_amd64\.deb$/), `${version}.1`, directory),
        join(root, "tmp/next.deb"),
      );
      const script = `
        dpkg -i /tmp/this.deb >/dev/null
        readlink -f "$(command -v runc)"
        ${hello("runc")}
        rm /tmp/bundle/config.json
        runc spec --bundle /tmp/bundle --no-terminal --args /bin/sleep --args 1000
        runc run --detach --bundle /tmp/bundle kept </dev/null >/dev/null 2>&1
        dpkg -i /tmp/next.deb >/dev/null
        dpkg-query --show --showformat='\${Version}\\n' bunc
        runc exec kept /bin/sh -c 'echo still here'
        runc delete --force kept
        rm /tmp/bundle/config.json
        dpkg --purge bunc >/dev/null
        hash -r; command -v runc || echo no runc
        rm -rf /run/runc /tmp/*
      `;
      expect(await inRoot(root, "sh", "-ec", script)).toBe(
        `/usr/bin/bunc\nhello from inside\n${version}.1\nstill here\nno runc\n`,
      );
      // What dpkg and update-alternatives keep for themselves: their status and their logs.
      const theirs = /^var\/(lib\/dpkg|log)(\/| )/;
      const left = (files: string[]) => files.filter((line) => !theirs.test(line));
      expect(left(await filesOf(root))).toEqual(left(before));
    }),
  timeoutMs,
);

test(
  "busybox alone: the archive, unpacked",
  () =>
    inScratch(async (directory) => {
      const root = join(directory, "root");
      busyboxRoot(root);
      bundle(join(root, "tmp/bundle"));
      copyFileSync(released(/linux-x86_64\.tar\.gz$/), join(root, "tmp/bunc.tar.gz"));
      const script = `
        cd /tmp && tar -xzf bunc.tar.gz && mv bunc-*/bunc /usr/local/bin/
        export PATH=/usr/local/bin:/bin
        bunc --version | grep bunc
        ${hello("bunc")}
      `;
      expect(await inRoot(root, "/bin/sh", "-ec", script)).toBe(`bunc: ${version}\nhello from inside\n`);
    }),
  timeoutMs,
);

test(
  "an empty root: the executable, and nothing that it could use",
  () =>
    inScratch(async (directory) => {
      const root = join(directory, "root");
      emptyRoot(root);
      bundle(join(root, "tmp/bundle"));
      copyFileSync(released(/^bunc-linux-x86_64$/), join(root, "bunc"));
      const spec = ["spec", "--bundle", "/tmp/bundle", "--no-terminal"];
      await inRoot(root, "/bunc", ...spec, "--args", "/bin/sh", "--args", "-c", "--args", "echo hello");
      expect(await inRoot(root, "/bunc", "run", "--bundle", "/tmp/bundle", "hello")).toBe("hello\n");
      const files = await filesOf(root);
      expect(files.filter((line) => !/^(bunc|tmp|proc|sys|dev|run)/.test(line))).toEqual([" d "]);
    }),
  timeoutMs,
);

test(
  "npm: installed from the two packages, used, removed",
  () =>
    inScratch(async (directory) => {
      const packages = [released(/^bunc-\d[\d.]*\.tgz$/), released(/^bunc-linux-x64-.*\.tgz$/)];
      const npm = ["npm", "--prefix", directory, "--no-audit", "--no-fund"];
      await runTool([...npm, "install", "--offline", ...packages]);
      expect(await runTool([join(directory, "node_modules/.bin/bunc"), "--version"])).toContain(
        `\nbunc: ${version}\n`,
      );
      await runTool([...npm, "uninstall", "bunc", "bunc-linux-x64"]);
      expect(readdirSync(join(directory, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(
        [],
      );
    }),
  timeoutMs,
);
