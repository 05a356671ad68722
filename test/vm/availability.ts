// Whether this host can build and run the test machine, and if not, what is missing.
import { existsSync } from "node:fs";
import { type Architecture, architectures } from "./architectures.ts";

export const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Programs that are needed on the host beside the emulator, each with the Debian package that has it. */
const tools: Readonly<Record<string, string>> = {
  "qemu-img": "qemu-utils",
  mmdebstrap: "mmdebstrap",
  mke2fs: "e2fsprogs",
  depmod: "kmod",
  setpriv: "util-linux",
  tar: "tar",
  "dpkg-deb": "dpkg",
  "apt-get": "apt",
};

/** Where the tools are looked for: an ordinary PATH lacks the directories of mke2fs and depmod. */
export const toolPath = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/**
 * Undefined where the test machine can run, else one line with the reason and what to do about it. With CI=true it has
 * to run: what CI skips nobody sees.
 */
export function guestUnavailable({ emulator }: Architecture = architectures.x64): string | undefined {
  const reason = whatIsMissing({ ...tools, [emulator.program]: emulator.package });
  if (reason !== undefined && process.env["CI"] === "true")
    throw new Error(`CI must have the guest: ${reason}`);
  return reason;
}

function whatIsMissing(tools: Readonly<Record<string, string>>): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return `the guest needs an x86-64 Linux host, this is ${process.platform} ${process.arch}`;
  }
  if (process.getuid?.() !== 0) return "the guest's root file system can only be built as root";
  const packages = new Set<string>();
  for (const [program, debianPackage] of Object.entries(tools)) {
    if (Bun.which(program, { PATH: toolPath }) === null) packages.add(debianPackage);
  }
  if (!existsSync(debianKeyring)) packages.add("debian-archive-keyring");
  if (packages.size === 0) return undefined;
  const names = [...packages].join(" ");
  return `the guest needs programs that are not installed: apt-get install --no-install-recommends ${names}`;
}
