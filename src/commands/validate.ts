/** `validate`: everything that create would refuse or warn of in a document, without looking at the machine. */

import { type Findings, findingsOf, type Located } from "../container/examine.ts";
import { RuntimeError } from "../failure/errors.ts";
import { ERRNO } from "../native/boundary.gen.ts";
import type { Handler } from "../verbs/verbs.ts";
import { type DocumentSource, readDocument } from "./document-source.ts";

export const run: Handler<"validate"> = async ({ kind = "config", json }, [file = "config.json"]) => {
  const { document, text } = await readFileOrBundle(file);
  const findings = findingsOf(kind, document, text);
  const ok = findings.errors.length === 0;
  if (json) console.log(JSON.stringify({ ok, document, kind, ...findings }, null, 2));
  else console.log(findingsText(document, findings));
  return ok ? 0 : 1;
};

/** That it is a directory is seen by reading it: to ask beforehand takes /proc. */
async function readFileOrBundle(source: string): Promise<DocumentSource> {
  try {
    return await readDocument(source);
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.errno !== ERRNO.ISDIR) throw error;
    return readDocument(`${source}/config.json`);
  }
}

/** One line a finding, in the form of compilers, which editors read. */
function findingsText(document: string, { errors, warnings }: Findings): string {
  const lines = [
    ...errors.map((each) => findingText(document, "error", each)),
    ...warnings.map((each) => findingText(document, "warning", each)),
  ];
  const counts = `${count(errors.length, "error")}, ${count(warnings.length, "warning")}`;
  return [...lines, `${document}: ${counts}`].join("\n");
}

function findingText(document: string, severity: string, { line, column, path, text }: Located): string {
  // A sentence may begin with it.
  const place = path === "" || text.startsWith(path) ? "" : `${path}: `;
  return `${document}:${line}:${column}: ${severity}: ${place}${text.replaceAll("\n", " ")}`;
}

function count(number: number, word: string): string {
  return `${number === 0 ? "no" : number} ${word}${number === 1 ? "" : "s"}`;
}
