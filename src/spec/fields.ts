/** Lists of fields on the command line, `type=bind,source=/a,ro`, as docker's --mount has them: comma-separated values. */

import { didYouMean } from "../failure/suggestion.ts";
import { quote, ValueError } from "../verbs/values.ts";

export interface Field {
  name: string;
  /** Undefined: the field is a bare word. */
  value: string | undefined;
}

/** A field with a comma in it stands in double quotes, in which `""` is a quote (RFC 4180). Throws ValueError. */
export function parseFields(text: string): Field[] {
  return split(text).map((field) => {
    const equals = field.indexOf("=");
    return equals === -1
      ? { name: field, value: undefined }
      : { name: field.slice(0, equals), value: field.slice(equals + 1) };
  });
}

function split(text: string): string[] {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const [whole, quoted, plain = ""] = /^(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/.exec(rest) ?? [];
    if (whole === undefined) {
      throw new ValueError(`${quote(text)}: a double quote stands around a whole field, as in "source=/a,b"`);
    }
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (whole.length === rest.length) return fields;
    rest = rest.slice(whole.length + 1);
  }
}

/** `name=value`: both, the name not empty. Throws ValueError. */
export function parseAssignment(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new ValueError(`${quote(text)} is not name=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** The error for an unknown field. `words`: those that may stand without a value. */
export function unknownField(
  name: string,
  known: readonly string[],
  words: readonly string[] = [],
): ValueError {
  const suggestion = didYouMean(name, [...known, ...words]);
  const accepted = known.map((field) => `${field}=`).join(", ");
  return new ValueError(`unknown field ${quote(name)}${suggestion}: use ${accepted}`);
}
