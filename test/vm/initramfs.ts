// Writer of the cpio "newc" archive that the kernel unpacks as its first root file system
// (Documentation/driver-api/early-userspace/buffer-format.rst).

interface InitramfsFile {
  readonly path: string;
  /** File type and permissions as in st_mode. */
  readonly mode: number;
  readonly content: Uint8Array;
}

/** The archive's bytes; parent directories are the caller's to list, before what is in them. */
export function initramfsArchive(files: readonly InitramfsFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [index, file] of files.entries()) parts.push(...entry(file, index + 1));
  parts.push(...entry({ path: "TRAILER!!!", mode: 0, content: new Uint8Array() }, 0));
  return Buffer.concat(parts);
}

function entry(file: InitramfsFile, inode: number): Uint8Array[] {
  const name = Buffer.from(`${file.path}\0`);
  const [uid, gid, links, mtime, checksum] = [0, 0, 1, 0, 0];
  const [major, minor, deviceMajor, deviceMinor] = [0, 0, 0, 0];
  const fields = [inode, file.mode, uid, gid, links, mtime, file.content.length];
  fields.push(major, minor, deviceMajor, deviceMinor, name.length, checksum);
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  const head = Buffer.concat([Buffer.from(header), name]);
  return [head, padding(head.length), file.content, padding(file.content.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
