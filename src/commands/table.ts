/** Tables as runc prints them (Go's text/tabwriter with a minimum width of 12 and a padding of 3). */

const CELL_WIDTH_MIN = 12;
const PADDING = 3;

/** The last column is not padded. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) =>
    lines.reduce((most, line) => Math.max(most, (line[column] ?? "").length + PADDING), CELL_WIDTH_MIN),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === line.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join(""),
    )
    .join("\n");
}
