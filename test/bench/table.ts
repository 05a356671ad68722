/** The benchmark's rows as text. */

export interface Row {
  readonly name: string;
  readonly unit: string;
  /** One for each runtime; null if it has none. */
  readonly values: readonly (number | null)[];
  /** By thread, if that says more than the sum. */
  readonly parts?: readonly (readonly number[])[];
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const columnWidth = 24;

const inColumns = (cells: readonly string[]) => cells.map((cell) => cell.padStart(columnWidth)).join("");

/** Each of the others' values is followed by bunc's value divided by it. */
export function tableLines(title: string, names: readonly string[], rows: readonly Row[]): string[] {
  const width = Math.max(title.length, ...rows.map(({ name }) => name.length)) + 2;
  const lines = [`${title.padEnd(width)}${inColumns(names)}`];
  for (const { name, unit, values, parts } of rows) {
    const ours = values[0] ?? null;
    const cells = values.map((value, index) => {
      if (value === null || Number.isNaN(value)) return "–";
      const shown = `${value.toFixed(unit === "ms" ? 1 : 0)} ${unit}`.trim();
      return index === 0 || ours === null || value === 0 ? shown : `${shown} (${(ours / value).toFixed(2)})`;
    });
    lines.push(`${name.padEnd(width)}${inColumns(cells)}`.trimEnd());
    if (parts?.some(({ length }) => length > 1)) {
      const each = parts.map((counts) => (counts.length > 1 ? counts.join("+") : ""));
      lines.push(`${"  by thread".padEnd(width)}${inColumns(each)}`.trimEnd());
    }
  }
  return lines;
}
