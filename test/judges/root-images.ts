/**
 * The two root file systems that the suite's containers run in, as tar archives: one of busybox, one of Debian with
 * nothing but its essential packages. Not compressed: an emulated guest unpacks them for every test.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cached, cacheKey } from "../vm/cache.ts";
import { debianSources, installRoot } from "../vm/debian.ts";
import { runTool } from "../vm/process.ts";

/** In the tree with Debian's busybox; users and groups are those of the image that the suite was written for. */
export const busyboxScript = `
root=/tmp/busybox
mkdir -p $root/bin $root/dev $root/etc $root/home $root/tmp $root/usr/bin $root/usr/sbin $root/var/spool/mail $root/var/www
mkdir -m 700 $root/root
chmod 1777 $root/tmp
cp /bin/busybox $root/bin/busybox
for applet in $(/bin/busybox --list); do
  if [ ! -e $root/bin/$applet ]; then ln $root/bin/busybox $root/bin/$applet; fi
done
cat > $root/etc/passwd <<END
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
END
cat > $root/etc/group <<END
root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
tty:x:5:
mail:x:8:
www-data:x:33:
users:x:100:
nogroup:x:65534:
END
tar --create --file=/mnt/tests/integration/testdata/busybox.tar --directory=$root --sort=name .
`;

/** → the archive of the Debian image. */
export async function debianImage(): Promise<string> {
  const sources = await debianSources("host");
  const key = cacheKey(sources, readFileSync(import.meta.path, "utf8"));
  const directory = await cached("debian-image", key, async (scratch) => {
    const tree = join(scratch, "tree");
    await installRoot(tree, sources, ["base-files"], []);
    const unread = [
      "./dev/*",
      "./var/cache/*",
      "./var/lib/apt/*",
      "./usr/share/*",
      "./usr/lib/*/gconv",
      "./usr/lib/*/perl*",
    ];
    await runTool([
      ...["tar", "--create", `--file=${join(scratch, "debian.tar")}`, `--directory=${tree}`],
      ...unread.map((path) => `--exclude=${path}`),
      ".",
    ]);
    await runTool(["rm", "--recursive", tree, `${tree}.sources`]);
  });
  return join(directory, "debian.tar");
}
