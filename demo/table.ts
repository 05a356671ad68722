/** Lays out what the host and the container see, side by side. */
import { capabilityName } from "../src/kernel/capability.ts";
import { mountAt } from "../test/harness/mountinfo.ts";
import type { Report, SelfReport } from "../test/harness/probe.ts";

const colour = process.stdout.isTTY && Bun.env["NO_COLOR"] === undefined;
const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
const bold = (text: string) => paint(1, text);
const dim = (text: string) => paint(2, text);
const green = (text: string) => paint(32, text);

const widths = [22, 40, 52] as const;

export function heading(title: string, subtitle: string): string {
  return `\n${bold(title)}\n${dim(subtitle)}\n`;
}

interface Row {
  name: string;
  host: string;
  container: string;
}

const namespaceNames: Record<string, string> = { mnt: "mount", net: "network" };

const seccompModes = ["off", "strict", "filter"];

function capabilities(self: SelfReport): string {
  const names = self.capabilities.effective.map(capabilityName);
  return names.length > 6 ? `${names.length}: all but a few` : `${names.length}: ${names.join(", ")}`;
}

const root = (report: Report) => {
  const mount = mountAt(report.mounts, "/");
  return mount === undefined ? "?" : `${mount.type} (${mount.source})`;
};

const networkDevices = (report: Report) =>
  [...report.read("/proc/net/dev").matchAll(/^\s*(\S+):/gm)].map((match) => match[1]).join(", ");

const limit = (self: SelfReport, name: string) => {
  const value = self.rlimits[name]?.soft;
  return value === "18446744073709551615" ? "unlimited" : (value ?? "?");
};

const cgroupLimits = {
  memory: ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"],
  pids: ["/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"],
};

/** The file of a limit in cgroup v2 and in v1. */
export const limitFiles = [...cgroupLimits.memory, ...cgroupLimits.pids];

function cgroupLimit(report: Report, name: keyof typeof cgroupLimits): string {
  const found = cgroupLimits[name]
    .map((path) => report.get(`read:${path}`).data?.trim())
    .find((text) => text !== undefined);
  if (found === undefined || found === "max" || Number(found) > 2 ** 62) return "unlimited";
  return name === "memory" ? `${Number(found) / 2 ** 20} MiB` : found;
}

function rows(host: Report, container: Report): Row[] {
  const pair = (name: string, value: (report: Report) => string): Row => ({
    name,
    host: value(host),
    container: value(container),
  });
  const blank: Row = { name: "", host: "", container: "" };
  return [
    pair("process id", ({ self }) => `${self.pid} (parent ${self.ppid})`),
    pair("user and groups", ({ self }) => `${self.uids[0]}:${self.gids[0]} [${self.groups.join(" ")}]`),
    pair("host name", ({ self }) => self.hostname),
    pair("environment", ({ self }) => `${self.env.length} variables`),
    pair("network devices", networkDevices),
    blank,
    ...Object.keys(host.namespaces).map((type) => {
      const [before, after] = [host.namespaces[type] ?? "", container.namespaces[type] ?? ""];
      const own = before !== after;
      const number = after.replace(/^.*\[(\d+)\]$/, "$1");
      return {
        name: `${namespaceNames[type] ?? type} namespace`,
        host: before.replace(/^.*\[(\d+)\]$/, "$1"),
        container: own ? `${number} ${green("its own")}` : `${number} ${dim("the host's")}`,
      };
    }),
    blank,
    pair("root file system", root),
    pair("mounts", (report) => `${report.mounts.length}`),
    ...["/proc", "/dev", "/tmp", "/sys", "/proc/sys", "/proc/keys"].map((target) =>
      pair(`  ${target}`, (report) => {
        const mount = mountAt(report.mounts, target);
        return mount === undefined ? dim("no mount") : `${mount.type} ${mount.options.slice(0, 4).join(",")}`;
      }),
    ),
    blank,
    pair("capabilities", ({ self }) => capabilities(self)),
    pair("new privileges", ({ self }) => (self.noNewPrivileges ? "never" : "possible")),
    pair("seccomp", ({ self }) => seccompModes[self.seccomp] ?? "?"),
    pair("memory (limit)", (report) => cgroupLimit(report, "memory")),
    pair("processes (limit)", (report) => cgroupLimit(report, "pids")),
    pair("open files (limit)", ({ self }) => limit(self, "NOFILE")),
    pair("umask", ({ self }) => self.umask.toString(8).padStart(4, "0")),
    pair("open descriptors", ({ self }) => self.fds.map(({ fd }) => fd).join(" ")),
    pair(
      "cgroup",
      (report) => report.read("/proc/self/cgroup").trim().split("\n").at(-1)?.split(":")[2] ?? "?",
    ),
  ];
}

/** Visible width: escape sequences have none. */
const pad = (text: string, width: number) => text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));

const cut = (text: string, width: number) =>
  Bun.stringWidth(text) > width ? `${text.slice(0, width - 1)}…` : text;

export function compare(host: Report, container: Report): string {
  const line = (cells: [string, string, string]) =>
    cells
      .map((cell, index) => pad(colour ? cell : cut(cell, widths[index] as number), widths[index] as number))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  return [
    line(["", bold("the host"), bold("the container")]),
    dim(rule),
    ...rows(host, container).map((row) => (row.name === "" ? "" : line([row.name, row.host, row.container]))),
    dim(rule),
  ].join("\n");
}
