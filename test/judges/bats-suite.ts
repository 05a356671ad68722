/** runc's bats suite, ready to run: the source package's tests, its helper programs built, the images they unpack. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, cacheKey } from "../vm/cache.ts";
import { buildInTree, golangTree } from "./golang.ts";
import { busyboxScript, debianImage } from "./root-images.ts";

/** The directory of the suite: `tests/integration/*.bats` in it, as in runc's own tree. */
export async function batsSuite(): Promise<string> {
  const tree = await golangTree();
  const key = cacheKey(tree.key, await debianImage(), sourceText("bats-suite.ts", "root-images.ts"));
  return await cached("bats-suite", key, async (scratch) => {
    await buildInTree(tree, `${programsScript}\n${busyboxScript}`, scratch);
    const integration = join(scratch, "tests/integration");
    patchHelpers(join(integration, "helpers.bash"));
    const images = join(integration, "testdata");
    cpSync(await debianImage(), join(images, "debian.tar"));
    writeFileSync(join(integration, "get-images.sh"), imagesScript, { mode: 0o755 });
  });
}

/** The version of runc that the suite belongs to. */
export function suiteVersion(suite: string): string {
  return readFileSync(join(suite, "VERSION"), "utf8").trim();
}

const sourceText = (...names: readonly string[]) =>
  names.map((name) => readFileSync(join(import.meta.dir, name), "utf8"));

/** Linked statically, for a host older than the tree. The agent's filter needs libseccomp, hence C. */
const programsScript = `
mkdir -p /tmp/go/src/github.com/opencontainers /mnt/tests/cmd/_bin
cp -a /usr/src/runc /tmp/go/src/github.com/opencontainers/
cp -a /usr/src/runc/tests/integration /mnt/tests/
cp /usr/src/runc/VERSION /mnt/
cd /tmp/go/src/github.com/opencontainers/runc
for program in tests/cmd/*/; do
  go build -tags seccomp,netgo,osusergo -ldflags "-s -w -linkmode external -extldflags -static" \\
    -o /mnt/tests/cmd/_bin/ "./$program"
done`;

/** What the suite evaluates to learn where its images are; its own script downloads them. */
const imagesScript = `#!/bin/sh
testdata=$(dirname "$(readlink -f "$0")")/testdata
echo "BUSYBOX_IMAGE=$testdata/busybox.tar"
echo "DEBIAN_IMAGE=$testdata/debian.tar"
`;

/**
 * The suite starts two servers in the background and goes on at once; a runtime that is quick finds no socket yet.
 * The same wait for either runtime.
 */
const servers = [
  {
    start: '("$TESTBINDIR/recvtty" --pid-file "$dir/pid" --mode null "$CONSOLE_SOCKET" &) &',
    socket: "CONSOLE_SOCKET",
  },
  {
    start:
      '("$TESTBINDIR/seccompagent" -socketfile="$SECCCOMP_AGENT_SOCKET" -pid-file "$BATS_TMPDIR/seccompagent.pid" &) &',
    socket: "SECCCOMP_AGENT_SOCKET",
  },
];

function patchHelpers(path: string): void {
  let helpers = readFileSync(path, "utf8");
  for (const { start, socket } of servers) {
    if (helpers.split(start).length !== 2)
      throw new Error(`helpers.bash of the suite has no longer: ${start}`);
    const wait = `for _ in {1..500}; do if [ -S "$${socket}" ]; then break; fi; sleep 0.02; done`;
    helpers = helpers.replace(start, () => `${start}\n\t${wait}`);
  }
  writeFileSync(path, helpers);
}
