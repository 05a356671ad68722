/** `validate`: everything that create would refuse or warn of in a document, without looking at the machine. */

import { type Findings, findingsOf, type Located } from "../container/examine.ts";
import { native } from "../native/call.ts";
import type { Handler } from "../verbs/verbs.ts";
import { readDocument } from "./document-source.ts";

export const run: Handler<"validate"> = async ({ kind = "config", json }, [file = "config.json"]) => {
  const source =
    file !== "-" && native("resolve_path", { path: file }).directory ? `${file}/config.json` : file;
  const { document, text } = await readDocument(source);
  const findings = findingsOf(kind, document, text);
  const ok = findings.errors.length === 0;
  if (json) console.log(JSON.stringify({ ok, document, kind, ...findings }, null, 2));
  else console.log(findingsText(document, findings));
  return ok ? 0 : 1;
};

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
