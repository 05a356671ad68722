/**
 * Whether every row of docs/CONFORMANCE.md was shown: each of the tests that it names passed in one of the runs that
 * BUNC_TEST_RECORD recorded.
 *
 *   bun test/shown.ts FILE
 */
import { conformanceRows, isMeant } from "./harness/conformance.ts";
import { passedIn } from "./harness/passed.ts";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("usage: bun test/shown.ts FILE, which BUNC_TEST_RECORD named");

const passed = Map.groupBy(
  passedIn(file).map((line) => line.split(" › ") as [string, ...string[]]),
  ([path]) => path,
);

const rows = conformanceRows();
const notShown = rows.flatMap(({ feature, references }) =>
  references
    .filter((wanted) => !passed.get(wanted.file)?.some(([, ...name]) => isMeant(wanted, name.join(" › "))))
    .map(({ file, name }) => `${feature}: ${file} › ${name}`),
);
const open = rows.filter(({ references }) => references.length === 0).length;
console.log(
  `docs/CONFORMANCE.md: ${rows.length} rows, ${open} of them open, ${notShown.length} tests did not pass`,
);
for (const line of notShown) console.log(`  ${line}`);
process.exit(notShown.length > 0 ? 1 : 0);
