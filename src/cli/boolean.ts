/** Booleans as Go's strconv.ParseBool reads them: `--flag=true`, `--rootless=auto`. */

import { quote, ValueError } from "./value-error.ts";

const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];

/** Throws ValueError for everything that is not one of the twelve spellings. */
export function parseBoolean(text: string): boolean {
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw new ValueError(`${quote(text)} is not a boolean (true or false)`);
}

/** `--rootless`: a boolean, or `auto` (any case, or empty). Throws ValueError. */
export function parseBooleanOrAuto(text: string): boolean | "auto" {
  if (text === "" || text.toLowerCase() === "auto") return "auto";
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw new ValueError(`${quote(text)} is not true, false or auto`);
}
