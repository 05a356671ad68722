/** The files of a release, from its executables. Pure: the same release gives the same bytes. */
import { bashCompletion } from "../completion/bash.ts";
import { commandLine } from "../completion/definition.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { toRoff } from "../roff.ts";
import { type Entry, gzip, tar } from "./archive.ts";
import { MACHINES, type Release } from "./contents.ts";
import { debianPackage } from "./debian.ts";
import { npmPackage, npmPlatformPackage } from "./npm.ts";
import { softwareBill } from "./software-bill.ts";

/** File name → bytes, SHA256SUMS last. */
export function releaseFiles(release: Release): Map<string, Uint8Array | string> {
  const { version, time } = release;
  const files = new Map<string, Uint8Array | string>();
  for (const [machine, executable] of release.executables) {
    const { debian, kernel } = MACHINES[machine];
    const name = `bunc-${version}-linux-${kernel}`;
    files.set(`bunc-linux-${kernel}`, executable);
    const entries = tarEntries(release, executable).map((entry) => ({
      ...entry,
      path: `${name}/${entry.path}`,
    }));
    files.set(`${name}.tar.gz`, gzip(tar(entries, time)));
    files.set(
      `bunc_${version}_${debian}.deb`,
      debianPackage(release, machine, installedEntries(release, executable)),
    );
    files.set(`bunc-linux-${machine}-${version}.tgz`, npmPlatformPackage(release, machine, executable));
  }
  files.set(`bunc-${version}.tgz`, npmPackage(release));
  files.set(`bunc-${version}.cdx.json`, softwareBill(release));
  files.set("config.schema.json", release.schema);
  files.set("RELEASE_NOTES.md", release.notes);
  files.set("SHA256SUMS", checksums(files));
  return files;
}

type Files = ReadonlyMap<string, Uint8Array | string>;

/** Names of the files that only one of two releases has, or that differ. */
export function differences(one: Files, other: Files): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((name) => {
    const [first, second] = [one.get(name), other.get(name)];
    return first === undefined || second === undefined || !Buffer.from(first).equals(Buffer.from(second));
  });
}

function tarEntries(release: Release, executable: Uint8Array): Entry[] {
  return [
    { path: "bunc", content: executable, mode: 0o755 },
    ...roffPages(release).map(({ name, text }) => ({ path: `man/man8/${name}`, content: text, mode: 0o644 })),
    ...completions("completions/bunc.bash", "completions/_bunc", "completions/bunc.fish"),
    ...[...release.licences].map(([name, content]) => ({ path: `licences/${name}`, content, mode: 0o644 })),
    { path: "config.schema.json", content: release.schema, mode: 0o644 },
  ];
}

/** Man pages and licences where Debian puts them. */
function installedEntries(release: Release, executable: Uint8Array): Entry[] {
  const pages = roffPages(release).map(({ name, text }) => ({
    path: `usr/share/man/man8/${name}.gz`,
    content: gzip(text),
    mode: 0o644,
  }));
  const licences = [...release.licences].map(([name, content]) => ({
    path: `usr/share/doc/bunc/licences/${name}`,
    content,
    mode: 0o644,
  }));
  return [
    { path: "usr/bin/bunc", content: executable, mode: 0o755 },
    ...pages,
    ...completions(
      "usr/share/bash-completion/completions/bunc",
      "usr/share/zsh/vendor-completions/_bunc",
      "usr/share/fish/vendor_completions.d/bunc.fish",
    ),
    ...licences,
    { path: "usr/share/bunc/config.schema.json", content: release.schema, mode: 0o644 },
  ];
}

function completions(bash: string, zsh: string, fish: string): Entry[] {
  const definition = commandLine();
  return [
    { path: bash, content: bashCompletion(definition), mode: 0o644 },
    { path: zsh, content: zshCompletion(definition), mode: 0o644 },
    { path: fish, content: fishCompletion(definition), mode: 0o644 },
  ];
}

function roffPages({ manPages, version, time }: Release): { name: string; text: string }[] {
  const date = new Date(time * 1000).toISOString().slice(0, 10);
  return [...manPages].map(([file, markdown]) => ({
    name: file.replace(/\.md$/, ""),
    text: toRoff(markdown, { date, version }),
  }));
}

/** For sha256sum --check. */
function checksums(files: ReadonlyMap<string, Uint8Array | string>): string {
  return [...files]
    .map(([name, content]) => `${new Bun.CryptoHasher("sha256").update(content).digest("hex")}  ${name}\n`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
    .join("");
}
