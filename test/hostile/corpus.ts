/**
 * Inputs that once failed, one file each: test/hostile/corpus/KEY/NAME. Every run tries them before the random ones. A failing
 * input is added to them; commit it with the fix, under a name that says what was wrong.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { projectRoot } from "../harness/project.ts";
import { seed } from "./rounds.ts";

/** `key`: the row's. */
const directoryOf = (key: string) => join(import.meta.dir, "corpus", key.replaceAll(" ", "-"));

interface KeptInput {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function keptInputs(key: string): KeptInput[] {
  const directory = directoryOf(key);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(directory, name))) }));
}

/** → its new path, relative to the project's root. */
export function keepInput(key: string, round: number, bytes: Uint8Array): string {
  const directory = directoryOf(key);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `seed-${seed}-round-${round}`);
  writeFileSync(file, bytes);
  return relative(projectRoot, file);
}
