// Text that becomes a part of a page.

import type { Hex } from "@braid/primitives";

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Whole, to whoever points at it or copies it. */
export function hexHtml(hex: Hex | undefined, shown: string): string {
  return hex === undefined ? "" : `<span class="hex" title="${escapeHtml(hex)}">${escapeHtml(shown)}</span>`;
}

export function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function times(value: number): string {
  return `${value.toFixed(2)}x`;
}

export interface Column {
  title: string;
  /** Sorted as numbers, by what stands in the cell's `sort`. */
  numeric?: boolean;
}

export interface Cell {
  html: string;
  sort?: number | undefined;
}

/** A table whose columns can be sorted and whose rows can be filtered, by the script of the page. `ids`: of the rows, for links to them. */
export function tableHtml(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  ids: readonly (string | undefined)[] = [],
): string {
  const head = columns
    .map(
      ({ title, numeric }) =>
        `<th scope="col"${numeric ? ' class="number"' : ""}><button type="button">${escapeHtml(title)}</button></th>`,
    )
    .join("");
  const body = rows
    .map((row, i) => {
      const cells = row.map(({ html, sort }, column) => {
        const numeric = columns[column]?.numeric === true;
        const label = escapeHtml(columns[column]?.title ?? "");
        return `<td data-label="${label}"${numeric ? ' class="number"' : ""}${sort === undefined ? "" : ` data-sort="${sort}"`}><div>${html}</div></td>`;
      });
      const id = ids[i];
      return `<tr${id === undefined ? "" : ` id="${id}" tabindex="-1"`}>${cells.join("")}</tr>`;
    })
    .join("\n");
  const filter = rows.length > 8 ? '<label class="filter">Filter <input type="search"></label>' : "";
  return `<div class="table">${filter}<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></div>`;
}
