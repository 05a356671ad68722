/** proc_pid_mountinfo(5). */
export interface MountEntry {
  id: number;
  parent: number;
  device: string;
  root: string;
  target: string;
  options: string[];
  /** `shared:N`, `master:N`, `unbindable`…; empty for a private mount. */
  propagation: string[];
  type: string;
  source: string;
  superOptions: string[];
}

const decodeOctal = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

export function parseMountinfo(text: string): MountEntry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const fields = line.split(" ");
      const dash = fields.indexOf("-");
      const at = (index: number) => fields[index] ?? "";
      return {
        id: Number(at(0)),
        parent: Number(at(1)),
        device: at(2),
        root: decodeOctal(at(3)),
        target: decodeOctal(at(4)),
        options: at(5).split(","),
        propagation: fields.slice(6, dash),
        type: at(dash + 1),
        source: decodeOctal(at(dash + 2)),
        superOptions: at(dash + 3).split(","),
      };
    });
}

/** The topmost mount at `target`, as path lookup sees it. */
export function mountAt(entries: MountEntry[], target: string): MountEntry | undefined {
  return entries.findLast((entry) => entry.target === target);
}
