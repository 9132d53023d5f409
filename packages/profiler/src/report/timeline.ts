// What each worker does when, drawn by hand, so that every piece links to its transaction.

import type { Analysis } from "../rank/analyse.ts";
import type { Span } from "../simulate/virtual-worker.ts";
import { escapeHtml, ms } from "./html.ts";

const WIDTHS = { wide: 1040, narrow: 350 } as const;
const ROW = 16;
const TOP = 22;
const LEFT = 24;
/** Narrower pieces are left out, unless they are executions: nobody sees them. */
const LEAST = 0.4;

export function timelineHtml(
  { simulation, at }: Analysis,
  idOf: (unit: number) => string | undefined,
): string {
  const label = `What ${at} workers do in ${ms(simulation.runMs)} ms: ${simulation.executions} executions, ${simulation.aborts} aborts, ${simulation.suspensions} suspensions.`;
  const drawn = (["wide", "narrow"] as const).map(
    (width) => `<div class="${width}">${draw(simulation, WIDTHS[width], idOf)}</div>`,
  );
  const key = [
    ["execute", "executes"],
    ["vain", "in vain: aborted"],
    ["suspended", "in vain: met a value about to be written"],
    ["validate", "validates"],
    ["wait", "waits"],
    ["recover", "recovers senders, hashes receipts"],
    ["commit", "a transaction is final"],
  ].map(
    ([name, text]) =>
      `<span><svg viewBox="0 0 12 12" class="key" aria-hidden="true"><rect width="12" height="12" class="t-${name}"/></svg>${text}</span>`,
  );
  return `<div class="chart" role="group" aria-label="${escapeHtml(label)}"><p class="legend">${key.join(" ")}</p>${drawn.join("")}</div>`;
}

function draw(
  simulation: Analysis["simulation"],
  width: number,
  idOf: (unit: number) => string | undefined,
): string {
  const { runMs, conflicts, timeline, perWorker } = simulation;
  const x = (time: number): number => LEFT + (time / Math.max(runMs, 1e-9)) * (width - LEFT - 4);
  const inVain = new Map(conflicts.map(({ kind, unit, incarnation }) => [`${unit}.${incarnation}`, kind]));
  const rows = perWorker.length;
  const height = TOP + rows * ROW + 18;
  const pieces = joined(timeline?.spans ?? [], LEAST / (x(1) - x(0))).flatMap(
    ({ worker, kind, unit, incarnation, from, to }) => {
      const [left, right] = [x(from), x(to)];
      if (kind !== "execute" && right - left < LEAST) return [];
      const vain = kind === "execute" ? inVain.get(`${unit}.${incarnation}`) : undefined;
      const style =
        vain === "abort"
          ? "vain"
          : vain === "suspension"
            ? "suspended"
            : kind === "settle"
              ? "recover"
              : kind;
      const rect = `<rect class="t-${style}" x="${left.toFixed(1)}" y="${TOP + worker * ROW + 2}" width="${Math.max(0.6, right - left).toFixed(1)}" height="${ROW - 4}"/>`;
      const id = idOf(unit);
      if (kind !== "execute" || id === undefined) return [rect];
      const again = incarnation === 0 ? "" : `, time ${incarnation + 1}`;
      const title = `transaction ${unit - 1}${again}: ${ms(from)} to ${ms(to)} ms${vain === undefined ? "" : ", in vain"}`;
      return [`<a href="#${id}" tabindex="-1"><title>${title}</title>${rect}</a>`];
    },
  );
  const commits = (timeline?.commits ?? []).map(({ at }) => `M${x(at).toFixed(1)} ${TOP - 7}v5`).join("");
  const names = Array.from(
    { length: rows },
    (_, i) => `<text x="0" y="${TOP + i * ROW + 12}">${i + 1}</text>`,
  ).join("");
  const ticks = [0, 0.25, 0.5, 0.75, 1]
    .map((share) => {
      const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
      return `<text x="${x(share * runMs).toFixed(1)}" y="${height - 3}" text-anchor="${anchor}">${ms(share * runMs)} ms</text>`;
    })
    .join("");
  return `<svg class="timeline" viewBox="0 0 ${width} ${height}" aria-hidden="true">${names}<path class="t-commits" d="${commits}"/>${pieces.join("")}${ticks}</svg>`;
}

/** What a worker does over and over, like recovering senders, is one piece, with gaps that nobody sees. */
function joined(spans: readonly Span[], leastMs: number): Span[] {
  const last = new Map<number, Span>();
  const found: Span[] = [];
  for (const span of spans) {
    const before = last.get(span.worker);
    if (
      before !== undefined &&
      span.kind !== "execute" &&
      before.kind === span.kind &&
      span.from - before.to < leastMs
    ) {
      before.to = span.to;
      continue;
    }
    const copy = { ...span };
    last.set(span.worker, copy);
    found.push(copy);
  }
  return found;
}
