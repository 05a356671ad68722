/** How the values of flags are read: parsers for commander's options. */

import { Option } from "@commander-js/extra-typings";

/** Text; an empty value means "not given" (undefined, which is not kept), as for every string flag of runc. */
export function text<T>(parse: (text: string) => T): (text: string) => T {
  return (given) => (given === "" ? (undefined as T) : parse(given));
}

/** Text that may be repeated: its values in order, none of them empty-meaning-absent. */
export function list<T>(parse: (text: string) => T): (text: string, previous: readonly T[]) => readonly T[] {
  return (given, previous) => [...previous, parse(given)];
}

/** A flag that several commands have, or with more to say about it. */
export function flag<const Flags extends string, T>(
  flags: Flags,
  description: string,
  parse: (text: string) => T,
) {
  return new Option(flags, description).argParser<T>(parse);
}

/** Strings that need no further check. */
export function anyText(text: string): string {
  return text;
}
