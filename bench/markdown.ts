// Markdown tables, aligned so that they can be read as text too.

/** The first `left` columns are aligned to the left, the others to the right. */
export function markdownTable(head: string[], rows: string[][], left: number): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const pad = (cell: string, column: number): string =>
    column < left ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number);
  const line = (cells: string[]): string => `| ${cells.map(pad).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}
