/** Reproducible archives, whose bytes depend only on their contents: tar (POSIX ustar) with gzip, and ar. */

export interface Entry {
  /** Relative, without "." and ".."; its parent folders get entries if `folders` is set. */
  path: string;
  content: Uint8Array | string;
  /** Permission bits. */
  mode: number;
}

/** `time`: of every entry, in seconds since 1970. `folders`: with an entry for each folder, which dpkg requires. */
export function tar(entries: readonly Entry[], time: number, folders = false): Uint8Array {
  const blocks: Uint8Array[] = [];
  const made = new Set<string>();
  for (const { path, content, mode } of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const parts = path.split("/").slice(0, -1);
    for (const [index] of folders ? parts.entries() : []) {
      const folder = `${parts.slice(0, index + 1).join("/")}/`;
      if (!made.has(folder)) blocks.push(header(folder, 0, 0o755, "5", time));
      made.add(folder);
    }
    const bytes = bytesOf(content);
    blocks.push(header(path, bytes.length, mode, "0", time), bytes, padding(bytes.length, BLOCK));
  }
  return concat([...blocks, new Uint8Array(2 * BLOCK)]);
}

const BLOCK = 512;

function header(path: string, size: number, mode: number, type: "0" | "5", time: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => bytes.set(bytesOf(text), at);
  const octal = (number: number, width: number) => `${number.toString(8).padStart(width - 1, "0")}\0`;
  const { name, prefix } = splitPath(path);
  put(0, name);
  put(100, octal(mode, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(time, 12));
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\x0000root");
  put(297, "root");
  put(345, prefix);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return bytes;
}

/** 100 bytes for the name, 155 for the path before it. */
function splitPath(path: string): { name: string; prefix: string } {
  if (path.length <= 100) return { name: path, prefix: "" };
  const slash = path.indexOf("/", path.length - 101);
  if (slash === -1 || slash > 155) throw new Error(`${path}: too long for an archive`);
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}

/** zlib writes neither a name nor a time into the header. */
export function gzip(content: Uint8Array | string): Uint8Array {
  const compressed = Bun.gzipSync(bytesOf(content) as Uint8Array<ArrayBuffer>, { level: 9 });
  // The last byte of the gzip header names the system that wrote it.
  compressed[9] = 255;
  return compressed;
}

/** ar(5), in the form that deb(5) requires. */
export function ar(entries: readonly Omit<Entry, "mode">[], time: number): Uint8Array {
  const members = entries.flatMap(({ path, content }) => {
    const bytes = bytesOf(content);
    const fields = [
      path.padEnd(16),
      String(time).padEnd(12),
      "0".padEnd(6),
      "0".padEnd(6),
      "100644".padEnd(8),
    ];
    return [
      bytesOf(`${fields.join("")}${String(bytes.length).padEnd(10)}\`\n`),
      bytes,
      padding(bytes.length, 2, "\n"),
    ];
  });
  return concat([bytesOf("!<arch>\n"), ...members]);
}

function padding(length: number, unit: number, fill = "\0"): Uint8Array {
  return bytesOf(fill.repeat((unit - (length % unit)) % unit));
}

export function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
