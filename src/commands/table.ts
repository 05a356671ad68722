/** Tables as runc prints them (Go's text/tabwriter with a minimum width of 12 and a padding of 3). */

const CELL_WIDTH_MIN = 12;
const PADDING = 3;

/** The last column is not padded. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const last = header.length - 1;
  const widths = header.map(() => CELL_WIDTH_MIN);
  for (const line of lines) {
    for (let column = 0; column < last; column++) {
      const needed = cell(line, column).length + PADDING;
      if (needed > (widths[column] as number)) widths[column] = needed;
    }
  }
  let text = "";
  for (const line of lines) {
    if (text !== "") text += "\n";
    for (let column = 0; column < last; column++) text += cell(line, column).padEnd(widths[column] as number);
    text += cell(line, last);
  }
  return text;
}

const cell = (line: readonly string[], column: number) => line[column] ?? "";
