/**
 * Compares the seccomp compiler with libseccomp's: instructions per system call, compile time, and the time that a call
 * takes in the kernel under the filter. `bun test/bench/seccomp.ts`, or as part of `npm run bench`.
 */
import { buildProof, clientProfiles, profilePath, skipCode } from "../seccomp/native.ts";

interface Figures {
  instructions: number;
  mean: number;
  worst: number;
  compile_ns: number;
  getpid_ns: number;
  personality_ns: number;
}

interface Report {
  ours: Figures;
  libseccomp: Figures;
  libseccomp_tree: Figures;
  unfiltered: { getpid_ns: number; personality_ns: number };
}

const columns = [
  "profile",
  "compiler",
  "instructions",
  "mean run",
  "worst run",
  "compile µs",
  "times ours",
  "getpid +ns",
  "personality +ns",
];

const row = (profile: string, compiler: string, figures: Figures, ours: Figures): string[] => [
  profile,
  compiler,
  String(figures.instructions),
  figures.mean.toFixed(1),
  String(figures.worst),
  (figures.compile_ns / 1000).toFixed(0),
  (figures.compile_ns / ours.compile_ns).toFixed(0),
  figures.getpid_ns.toFixed(0),
  figures.personality_ns.toFixed(0),
];

const print = (rows: string[][]) => {
  const widths = columns.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  for (const cells of rows) {
    console.log(
      cells
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    );
  }
};

/** Prints the table, or the reason why there is none. */
function benchSeccomp(): void {
  const proof = buildProof("ReleaseSafe");
  const rows = [columns];
  for (const profile of clientProfiles) {
    const child = Bun.spawnSync([proof, "bench", profilePath(profile)], { stderr: "inherit" });
    const output = child.stdout.toString();
    if (child.exitCode === skipCode) {
      console.log(`seccomp: ${output.trim()}`);
      return;
    }
    if (!child.success) throw new Error(`the bench of ${profile}'s profile failed: ${output}`);
    const report = JSON.parse(output) as Report;
    rows.push(
      row(profile, "bunc", report.ours, report.ours),
      row("", "libseccomp", report.libseccomp, report.ours),
      row("", "libseccomp, binary tree", report.libseccomp_tree, report.ours),
    );
  }
  console.log("Seccomp filters: instructions executed per system call, over all calls of the native table;");
  console.log("what a call costs more under the filter. The kernel runs no filter for a call that is always");
  console.log("allowed (getpid), but it does for one whose arguments count (personality).\n");
  print(rows);
}

if (import.meta.main) benchSeccomp();
