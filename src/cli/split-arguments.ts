/**
 * The command line as runc reads it: which flag is set to what, and the positional arguments.
 *
 * runc takes `--flag`, `-flag`, `--flag=value`, `--bool=false`, flags before and after positional
 * arguments, and global flags after the verb; commander takes `--flag value` and short groups. So the
 * words are read here, with runc's error texts, by what was declared with commander.
 */

import type { Option } from "@commander-js/extra-typings";
import { UsageError } from "../failure/errors.ts";
import { didYouMean } from "../failure/suggestion.ts";
import { parseBoolean } from "../verbs/values.ts";

/** One mention of a flag: with its text, or, for a flag without a value, as it is. */
export interface Setting {
  flag: Option;
  text: string | undefined;
}

interface SplitRules {
  /** The flags of the command whose words these are. */
  own: readonly Option[];
  /** Flags that may also stand here: the global ones, after a verb. */
  inherited: readonly Option[];
  /** Flags handled by the caller: true when one of them was given (`help`, `h`). */
  switches: Readonly<Record<string, string>>;
  /** After this many positional arguments nothing is a flag any more; undefined: no such rule. */
  positionalsBeforeStop: number | undefined;
  /** Whether a "--" that follows them is an argument too (after the verb) or is dropped (exec id -- program). */
  keepDashesAfterStop: boolean;
}

/** The words, sorted. */
export interface SplitArguments {
  own: Setting[];
  inherited: Setting[];
  positionals: string[];
  /** The values of `switches` whose flag was given and not set to false. */
  switches: Set<string>;
  /** The first mistake. It does not stop the reading of --help. */
  error: UsageError | undefined;
}

/** Never throws: the first mistake is in `error`. */
export function splitArguments(words: readonly string[], rules: SplitRules): SplitArguments {
  const split: SplitArguments = {
    own: [],
    inherited: [],
    positionals: [],
    switches: new Set(),
    error: undefined,
  };
  // The last mention of a boolean decides, so they are added at the end.
  const booleans = new Map<Option, boolean>();

  let index = 0;
  while (index < words.length) {
    const word = words[index] as string;
    index += 1;
    const stopped = split.positionals.length === rules.positionalsBeforeStop;
    const endsFlags = word === "--" && !(stopped && rules.keepDashesAfterStop);
    // "-1" is an argument, and so is everything after it.
    if (endsFlags || stopped || /^-[^-\p{L}]/u.test(word)) {
      split.positionals = [...split.positionals, ...words.slice(endsFlags ? index : index - 1)];
      break;
    }
    if (word.length < 2 || word[0] !== "-") {
      split.positionals.push(word);
      continue;
    }

    const body = word.slice(word[1] === "-" ? 2 : 1);
    const equals = body.indexOf("=");
    const name = equals === -1 ? body : body.slice(0, equals);
    const given = equals === -1 ? undefined : body.slice(equals + 1);
    try {
      const own = findFlag(rules.own, name);
      const flag = own ?? findFlag(rules.inherited, name);
      const wanted = Object.hasOwn(rules.switches, name) ? rules.switches[name] : undefined;
      if (flag === undefined && wanted !== undefined) {
        if (booleanValue(name, given)) split.switches.add(wanted);
        else split.switches.delete(wanted);
      } else if (flag === undefined) {
        throw unknownFlag(name, rules);
      } else if (!flag.required) {
        booleans.set(flag, booleanValue(name, given));
      } else {
        const value = given ?? words[index];
        if (value === undefined) throw new UsageError(`flag needs an argument: ${word}`);
        if (given === undefined) index += 1;
        (own === undefined ? split.inherited : split.own).push({ flag, text: value });
      }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      split.error ??= error;
    }
  }

  for (const [flag, value] of booleans) {
    const set = value ? flag : oppositeOf(flag, rules.own);
    const settings = rules.own.includes(flag) ? split.own : split.inherited;
    if (set !== undefined) settings.push({ flag: set, text: undefined });
  }
  return split;
}

/** runc's message, with the flag that was probably meant. */
function unknownFlag(name: string, { own, inherited, switches }: SplitRules): UsageError {
  const flags = [...own, ...inherited]
    .filter(({ hidden }) => !hidden)
    .map(({ long }) => long?.slice(2) ?? "");
  const suggestion = didYouMean(name, [...flags, ...Object.keys(switches)]);
  return new UsageError(`flag provided but not defined: -${name}${suggestion.replaceAll('"', "")}`);
}

function findFlag(flags: readonly Option[], name: string): Option | undefined {
  return flags.find((flag) => flag.long === `--${name}` || flag.short === `-${name}`);
}

/** `--no-x=false` asks for x, `--x=false` for no-x, where that can be asked for at all; else for nothing. */
export function oppositeOf(flag: Option, flags: readonly Option[]): Option | undefined {
  const name = flag.negate ? flag.long?.replace(/^--no-/, "--") : flag.long?.replace(/^--/, "--no-");
  return flags.find((candidate) => candidate.long === name && candidate.negate !== flag.negate);
}

function booleanValue(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "") return true;
  try {
    return parseBoolean(text);
  } catch {
    throw new UsageError(
      `invalid value ${JSON.stringify(text)} for boolean flag -${name}: use true or false`,
    );
  }
}
