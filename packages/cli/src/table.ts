// Text in aligned columns, and its colours where the terminal has them.
import { styleText } from "node:util";

/** A colour of `node:util`'s styleText. */
export type Style = Parameters<typeof styleText>[0];

/** One column: its heading, and on which side its cells are aligned. */
export interface Column {
  title: string;
  align: "left" | "right";
}

/** A cell: text, or text with a style. */
export type Cell = string | { text: string; style: Style };

/**
 * Lines of aligned columns, headings first, two spaces between columns, nothing after the last one.
 * Styles show only when `stream` is a terminal that wants colours (NO_COLOR and FORCE_COLOR are honoured).
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  stream: NodeJS.WriteStream,
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => textOf(row[index]).length)),
  );
  const line = (cells: readonly Cell[]): string => {
    const padded = columns.map(({ align }, index) => {
      const cell = cells[index] ?? "";
      const width = widths[index] ?? 0;
      const text = align === "right" ? textOf(cell).padStart(width) : textOf(cell).padEnd(width);
      return typeof cell === "string" ? text : styleText(cell.style, text, { stream });
    });
    return padded.join("  ").trimEnd();
  };
  const headings = columns.map(({ title }): Cell => ({ text: title, style: "bold" }));
  return [line(headings), ...rows.map(line)];
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === "object" ? cell.text : (cell ?? "");
}
