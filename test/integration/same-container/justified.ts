/** Every difference that the comparison with Debian's runc 1.1.5 may show, and why it is right. */

export interface Justified {
  field: RegExp;
  /** Whether these two values are the difference that is meant. */
  holds: (ours: unknown, runc: unknown, variation: string) => boolean;
  why: string;
}

export const justified: Justified[] = [
  {
    field: /^(self\.rlimits|status\.FDSize)$/,
    holds: (ours, runc) => {
      if (typeof ours === "string") return true;
      const [mine, its] = [ours, runc].map(
        (limits) => structuredClone(limits) as Record<string, { soft: string }>,
      );
      const nofile = mine?.["NOFILE"];
      if (mine === undefined || its === undefined || nofile === undefined) return false;
      its["NOFILE"] = { ...(its["NOFILE"] as { soft: string }), soft: nofile.soft };
      return Bun.deepEquals(mine, its);
    },
    why: "Go raises the soft limit of open files of every Go program and runc 1.1.5 does not restore it; FDSize is the room that the kernel made for descriptors before they were closed",
  },
];
