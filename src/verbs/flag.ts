/** How flags are declared: commander options whose values go through a strict parser. */

import { Option } from "@commander-js/extra-typings";
import { RuntimeError, UsageError } from "../failure/errors.ts";
import { readValue } from "./values.ts";

/** Options for which an empty value means "not given", as for every string flag of runc. */
const absentWhenEmpty = new WeakSet<object>();

/**
 * A number or duration, which runc's flag parser reads itself: of what is none, also of an empty text, it says how the
 * command is used. One that is out of range is the command's error.
 */
export function valueFlag<const Flags extends string, T>(
  flags: Flags,
  description: string,
  parse: (text: string) => T,
) {
  const option = new Option(flags, description);
  return option.argParser<T>((text) => readValue(option.name(), text, parse, UsageError));
}

/** Text, which runc's command reads: a bad one is the command's error. Its parser also judges the empty string. */
export function givenTextFlag<const Flags extends string, T>(
  flags: Flags,
  description: string,
  parse: (text: string) => T,
) {
  const option = new Option(flags, description);
  return option.argParser<T>((text) => readValue(option.name(), text, parse, RuntimeError));
}

/** Text; an empty value means that the flag was not given. */
export function textFlag<const Flags extends string, T>(
  flags: Flags,
  description: string,
  parse: (text: string) => T,
) {
  const option = givenTextFlag(flags, description, parse);
  absentWhenEmpty.add(option);
  return option;
}

/** Text that may be repeated: its values in order, none of them empty-meaning-absent. */
export function listFlag<const Flags extends string, T>(
  flags: Flags,
  description: string,
  parse: (text: string) => T,
) {
  const option = new Option(flags, description);
  const collect = (text: string, previous: readonly T[]): readonly T[] => [
    ...previous,
    readValue(option.name(), text, parse, RuntimeError),
  ];
  return option.argParser<readonly T[]>(collect).default<readonly T[]>([], "none");
}

/** Strings that need no further check. */
export function anyText(text: string): string {
  return text;
}

/** Whether this value of the flag counts as "not given". */
export function meansAbsent(option: object, value: string): boolean {
  return value === "" && absentWhenEmpty.has(option);
}
