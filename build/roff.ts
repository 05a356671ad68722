/** Converts the man pages of docs/man from Markdown to roff (man(7)). */

/** `date`: for the footer, as in "2026-11-29". */
export function toRoff(markdown: string, { date, version }: { date: string; version: string }): string {
  const lines = markdown.split("\n");
  const out: string[] = [];
  let example = false;
  for (const [index, line] of lines.entries()) {
    const isExample: boolean = line.startsWith("    ") && (example || lines[index - 1] === "");
    const goesOn: boolean = example && line === "" && lines[index + 1]?.startsWith("    ") === true;
    if (example !== (isExample || goesOn)) {
      out.push(isExample ? ".PP\n.EX" : ".EE");
      example = isExample;
    }
    if (isExample || goesOn) {
      out.push(escaped(line.slice(4)));
      continue;
    }
    const title = /^% (\S+) "(\d)"$/.exec(line);
    if (title !== null)
      out.push(`.TH ${(title[1] as string).toUpperCase()} ${title[2]} "${date}" "bunc ${version}" "bunc"`);
    else if (line.startsWith("# ")) out.push(`.SH ${line.slice(2)}`);
    else if (line.startsWith(": ")) out.push(inline(line.slice(2)));
    else if (lines[index + 1]?.startsWith(": ")) out.push(`.TP\n${inline(line)}`);
    else if (line === "") {
      const next = lines[index + 1] ?? "";
      if (
        /^[^#:%\s]/.test(next) &&
        !lines[index + 2]?.startsWith(": ") &&
        !/^[#%]/.test(lines[index - 1] ?? "#")
      ) {
        out.push(".PP");
      }
    } else out.push(inline(line));
  }
  if (example) out.push(".EE");
  return `${out.join("\n")}\n`;
}

/** `**bold**` and `_italic_`, at the boundaries of words. */
function inline(text: string): string {
  const parts = text.split(/(\*\*.+?\*\*|(?<![\w/.-])_[^_\s](?:[^_]*[^_\s])?_(?![\w]))/);
  const set = parts.map((part) => {
    if (part.startsWith("**")) return `\\fB${plain(part.slice(2, -2))}\\fR`;
    if (part.startsWith("_") && part.endsWith("_") && part.length > 2)
      return `\\fI${plain(part.slice(1, -1))}\\fR`;
    return plain(part);
  });
  return protectedStart(set.join(""));
}

function escaped(text: string): string {
  return protectedStart(plain(text));
}

function plain(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...");
}

/** A dot or apostrophe at the start of a line would make the line a request. */
function protectedStart(text: string): string {
  return /^[.']/.test(text) ? `\\&${text}` : text;
}
