/** The package for Debian and its kin: deb(5). */
import { ar, bytesOf, type Entry, gzip, tar } from "./archive.ts";
import { MACHINES, type Machine, type Release } from "./contents.ts";

/**
 * Installs bunc as "runc" for clients that look for that name, if no other package has installed a file of that name
 * (docs/INSTALL.md says what to do if one has).
 */
const SCRIPTS = {
  postinst: `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  update-alternatives --install /usr/sbin/runc runc /usr/bin/bunc 50
fi
`,
  prerm: `#!/bin/sh
set -e
if [ "$1" = remove ] || [ "$1" = deconfigure ]; then
  update-alternatives --remove runc /usr/bin/bunc
fi
`,
};

export function debianPackage(
  { version, time }: Release,
  machine: Machine,
  entries: readonly Entry[],
): Uint8Array {
  const size = entries.reduce((total, { content }) => total + bytesOf(content).length, 0);
  const control = `Package: bunc
Version: ${version}
Architecture: ${MACHINES[machine].debian}
Maintainer: The bunc authors
Installed-Size: ${Math.ceil(size / 1024)}
Section: admin
Priority: optional
Recommends: uidmap, procps
Suggests: criu
Description: OCI container runtime, a drop-in runc
 bunc runs containers for Docker, containerd, Podman, CRI-O, BuildKit and
 Kubernetes in runc's place, or by itself from an OCI bundle. One static file.
`;
  const sums = entries.map(
    ({ path, content }) => `${new Bun.CryptoHasher("md5").update(content).digest("hex")}  ${path}\n`,
  );
  const controlEntries: Entry[] = [
    { path: "./control", content: control, mode: 0o644 },
    {
      path: "./md5sums",
      content: sums.sort((a, b) => (a.slice(34) < b.slice(34) ? -1 : 1)).join(""),
      mode: 0o644,
    },
    { path: "./postinst", content: SCRIPTS.postinst, mode: 0o755 },
    { path: "./prerm", content: SCRIPTS.prerm, mode: 0o755 },
  ];
  const data = entries.map((entry) => ({ ...entry, path: `./${entry.path}` }));
  return ar(
    [
      { path: "debian-binary", content: "2.0\n" },
      { path: "control.tar.gz", content: gzip(tar(controlEntries, time)) },
      { path: "data.tar.gz", content: gzip(tar(data, time, true)) },
    ],
    time,
  );
}
