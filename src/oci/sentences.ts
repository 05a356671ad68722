/** runc's sentences for values that the schema refuses already: tools and its test suite look for them. */

type Sentence = readonly [path: RegExp, sentence: (found: string) => string];

const SENTENCES: readonly Sentence[] = [
  [/^$/, () => "config cannot be null"],
  [/^process$/, () => "process property must not be empty"],
  [/^root$/, () => "root must be specified"],
  [
    /^(?:process\.)?cwd$/,
    (found) => (isAbsent(found) ? "Cwd property must not be empty" : "Cwd must be an absolute path"),
  ],
  [/^(?:process\.)?args$/, () => "args must not be empty"],
  [/^(?:process\.)?rlimits\[\d+\]\.type$/, (found) => `wrong rlimit value: ${unquoted(found)}`],
  [/^(?:process\.)?scheduler\.policy$/, (found) => `invalid scheduler policy: ${unquoted(found)}`],
  [/^(?:process\.)?scheduler\.flags\[\d+\]$/, (found) => `invalid scheduler flag: ${unquoted(found)}`],
  [/^(?:process\.)?ioPriority\.class$/, (found) => `invalid ioPriority.Class: ${found}`],
  [/^(?:process\.)?ioPriority\.priority$/, (found) => `invalid ioPriority.Priority: ${found}`],
  [/^linux\.rootfsPropagation$/, (found) => `rootfsPropagation=${unquoted(found)} is not supported`],
  [/^linux\.devices\[\d+\]\.type$/, (found) => `invalid device type ${found}`],
  [/^linux\.resources\.devices\[\d+\]\.type$/, (found) => `invalid cgroup device type ${found}`],
  [/^linux\.resources\.devices\[\d+\]\.access$/, () => "device access cannot be empty"],
  [/^linux\.memoryPolicy\.mode$/, (found) => `invalid memory policy mode ${found}`],
  [/^linux\.memoryPolicy\.flags\[\d+\]$/, (found) => `invalid memory policy flag ${found}`],
  [/^linux\.personality\.domain$/, (found) => `invalid personality domain ${unquoted(found)}`],
  [/^linux\.seccomp\..*\bop$/, (found) => `string ${unquoted(found)} is not a valid operator for seccomp`],
  [/^linux\.seccomp\..*[aA]ction$/, (found) => `string ${unquoted(found)} is not a valid action for seccomp`],
  [
    /^linux\.seccomp\.architectures\[\d+\]$/,
    (found) => `string ${unquoted(found)} is not a valid arch for seccomp`,
  ],
];

/** The sentence for a path, if there is one. `found`: as the issue shows it. */
export function sentenceFor(path: string, found: string): string | undefined {
  return SENTENCES.find(([pattern]) => pattern.test(path))?.[1](found);
}

function isAbsent(found: string): boolean {
  return found === "nothing" || found === '""';
}

function unquoted(found: string): string {
  return found.replace(/^"(.*)"$/, "$1");
}
