/** OCI's built validation programs: one executable `NAME` each in `validation/`, next to the files that they read. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cached, cacheKey } from "../vm/cache.ts";
import { buildInTree, golangTree } from "./golang.ts";

/** The directory of the suite. */
export async function ociSuite(): Promise<string> {
  const tree = await golangTree();
  const tap = readFileSync(join(import.meta.dir, "tap-go/tap.go"), "utf8");
  return await cached("oci-suite", cacheKey(tree.key, tap, buildScript), async (scratch) => {
    await buildInTree(tree, buildScript, scratch, { "src/github.com/mndrix/tap-go/tap.go": tap });
  });
}

export const programs = (suite: string) => readdirSync(join(suite, "validation")).sort();

/** Each is linked statically: `runtimetest` is started in the containers. */
const buildScript = `
mkdir -p /tmp/go/src/github.com/opencontainers /mnt/validation
cp -a /usr/src/golang-github-opencontainers-runtime-tools /tmp/go/src/github.com/opencontainers/runtime-tools
cd /tmp/go/src/github.com/opencontainers/runtime-tools
# Debian's library has moved this function.
sed -i -e 's|selinux/go-selinux/label"|selinux/go-selinux"|' -e 's/label\\.FileLabel/selinux.FileLabel/' cmd/runtimetest/main.go
cp VERSION rootfs-amd64.tar.gz /mnt/
export CGO_ENABLED=0
go build -ldflags "-s -w" -o /mnt/runtimetest ./cmd/runtimetest
for program in validation/*/; do
  if [ "$program" = validation/util/ ]; then continue; fi
  go build -ldflags "-s -w" -o /mnt/validation/ "./$program"
done`;
