/** Runs the suite's files in one way, one after another. */
import type { Place } from "./place.ts";
import type { Outcome } from "./results.ts";
import { parseTap, type TapReport, type Verdict } from "./tap.ts";
import type { Way } from "./ways.ts";

/**
 * The timeout of a file; the longest takes seconds on a host and minutes in an emulated guest. bats waits for processes that a
 * failed test has left running. bats has a timeout per test, but with it such a test takes all of that time, and gets no line.
 */
const fileTimeoutMs = { host: 2 * 60_000, guest: 15 * 60_000 } as const;
const scriptTimeoutMs = 120_000;
/** An emulated guest on a busy host is sometimes slow, so tests that runc passes get two more tries, alone. */
const chancesMax = 2;

export class WayRun {
  #serial = 0;
  readonly #name: string;
  readonly #way: Way;
  readonly #place: Place;
  readonly #runtime: string;
  readonly #verbose: boolean;

  /** `runtime` is its path in the place; `verbose` also prints failures that runc shares. */
  constructor(name: string, way: Way, place: Place, runtime: string, verbose: boolean) {
    this.#name = name;
    this.#way = way;
    this.#place = place;
    this.#runtime = runtime;
    this.#verbose = verbose;
  }

  /** The first line of the runtime's version. */
  async version(): Promise<string> {
    const { output } = await this.#place.run(`${this.#runtime} --version`, [], scriptTimeoutMs);
    return output.split("\n")[0] ?? "";
  }

  /** Runs the files; tests that runc passes, by its record, are repeated. `onFile` gets each file's outcome when it ends. */
  async everything(
    files: readonly string[],
    { runc = {}, onFile }: { runc?: Outcome | undefined; onFile?: (outcome: Outcome) => void } = {},
  ): Promise<Outcome> {
    if (this.#way.prepare !== undefined) {
      const { output, exitCode } = await this.#place.run(this.#way.prepare, [], scriptTimeoutMs);
      if (exitCode !== 0) throw new Error(`${this.#name}: the preparation failed: ${output}`);
    }
    const outcome: Record<string, Record<string, Verdict>> = {};
    for (const file of files) {
      const started = performance.now();
      const report = await this.#file(file);
      const verdicts = Object.fromEntries(report.tests.map(({ name, verdict }) => [name, verdict]));
      for (const name of Object.keys(verdicts).filter((name) => verdicts[name] === "fail")) {
        for (let chance = 0; chance < chancesMax && runc[file]?.[name] === "pass"; chance++) {
          const again = (await this.#file(file, name)).tests.find((one) => one.name === name);
          if (again?.verdict !== "pass") continue;
          console.log(`${this.#name}: ${file}: ${name}: passed when repeated`);
          verdicts[name] = "pass";
          break;
        }
      }
      outcome[file] = verdicts;
      onFile?.({ [file]: verdicts });
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      const count = (wanted: Verdict) =>
        Object.values(verdicts).filter((verdict) => verdict === wanted).length;
      console.log(
        `${this.#name}: ${file}: ${count("pass")} passed, ${count("fail")} failed, ${count("skip")} skipped (${seconds} s)`,
      );
      for (const { name, verdict, remark } of report.tests) {
        const expected = runc[file]?.[name] === "pass" && verdict === "fail";
        if (verdict === "fail" && (this.#verbose || expected))
          console.log(`  not ok ${name}\n${remark.trimEnd()}`);
      }
    }
    return outcome;
  }

  async #file(file: string, name?: string): Promise<TapReport> {
    const scratch = `${this.#place.scratch}/bats-${++this.#serial}`;
    // bats takes a regular expression, so special characters in names are quoted.
    const filter = name === undefined ? "" : `^${name.replace(/[^\w ]/g, "\\$&")}$`;
    const args = [
      "sh",
      this.#place.path("run-bats.sh"),
      this.#place.path("suite"),
      this.#runtime,
      scratch,
      `${file}.bats`,
      filter,
    ];
    const timeoutMs = fileTimeoutMs[this.#way.place];
    const { output, timedOut } = await this.#place.run(this.#way.launch, args, timeoutMs);
    await this.#place.run('rm --recursive --force --one-file-system "$1"', [scratch], scriptTimeoutMs);
    const report = parseTap(output);
    if (timedOut) console.log(`${this.#name}: ${file}: killed after ${timeoutMs / 60_000} minutes`);
    if (report.tests.length !== report.planned) {
      // A hanging test is killed and gets no line of its own.
      const planned = report.planned ?? "no";
      console.log(
        `${this.#name}: ${file}: ${report.tests.length} tests of ${planned} planned:\n${output.slice(-2000)}`,
      );
    }
    return report;
  }
}
