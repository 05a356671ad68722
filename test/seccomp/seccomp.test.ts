/**
 * The proofs of proof.zig as tests. They are quick by default; BUNC_SECCOMP_RANDOM and BUNC_SECCOMP_FUZZ are
 * numbers of random profiles for longer runs (a million fuzzed ones take about a minute), BUNC_SECCOMP_SEED is
 * the first seed. A failure prints the seed of the profile, and `proof random 1 SEED` shows it again.
 */
import { expect, test } from "bun:test";
import { skipMarker } from "../harness/scenario-name.ts";
import { buildProof, clientProfiles, profilePath, skipCode } from "./native.ts";

const setting = (name: string, otherwise: number): string => {
  const text = process.env[name] ?? String(otherwise);
  if (!/^\d+$/.test(text)) throw new Error(`${name}=${JSON.stringify(text)}: a decimal number is accepted`);
  return text;
};

const seed = setting("BUNC_SECCOMP_SEED", 1);
const randomCount = setting("BUNC_SECCOMP_RANDOM", 2000);
const fuzzCount = setting("BUNC_SECCOMP_FUZZ", 20_000);
const patient = { timeout: 3_600_000 };

// At load: a build may take longer than a test is given.
const long = Number(randomCount) > 10_000 || Number(fuzzCount) > 100_000;
const proof = buildProof(long ? "ReleaseSafe" : "Debug");

const run = (...args: string[]) => {
  const child = Bun.spawnSync([proof, ...args]);
  return { code: child.exitCode, output: child.stdout.toString() + child.stderr.toString() };
};

/** The reason why a verb cannot be tried here, or null. */
const cannot = (...args: string[]): string | null => {
  const { code, output } = run(...args);
  return code === skipCode ? output.trim().replace(/^skip: /, "") : null;
};

const noLibseccomp = cannot("random", "0", "0");
const noSeccomp = cannot("kernel", "1", "1");

const proves = (name: string, why: string | null, args: string[]) => {
  const title = why === null ? name : `${name}${skipMarker}${why}]`;
  test.skipIf(why !== null)(
    title,
    () => {
      const { code, output } = run(...args);
      expect(`${output}exit code ${code}`).toEndWith("exit code 0");
    },
    patient,
  );
};

for (const name of clientProfiles) {
  proves(`${name}'s profile answers as libseccomp's program does, on every architecture`, noLibseccomp, [
    "profiles",
    profilePath(name),
  ]);
}
proves(`${randomCount} random profiles from seed ${seed} answer as libseccomp's`, noLibseccomp, [
  "random",
  randomCount,
  seed,
]);
proves(`${fuzzCount} random profiles from seed ${seed} give programs that the kernel accepts`, noSeccomp, [
  "fuzz",
  fuzzCount,
  seed,
]);
proves("the kernel answers as the interpreter says", noSeccomp, ["kernel", "50", seed]);
