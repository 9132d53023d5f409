// The measurements of bench:remote as Markdown.
import { markdownTable } from "./markdown.ts";
import { REMOTE_WAYS, type RemoteMeasurement, type RemoteTraffic } from "./measurements.ts";
import { median } from "./statistics.ts";

const HEADINGS = [
  "reads",
  "milliseconds",
  "times as fast",
  "requests",
  "one after the other",
  "calls in them",
  "keys",
  "not needed",
  "executed again",
];

/** A table for each delay. */
export function remoteTables({ block, transactions, needed, delays }: RemoteMeasurement): string {
  const lines = [`Block ${block}: ${transactions} transactions that read ${needed} accounts and slots.`];
  for (const { delayMs, runs } of delays) {
    const slowest = runs["one by one"];
    const rows = REMOTE_WAYS.flatMap((way) => {
      const of = runs[way];
      if (of === undefined) return [];
      const middle = (field: keyof RemoteTraffic | "ms"): number => median(of.map((run) => run[field]));
      const again = of.flatMap((run) => run.reexecutions ?? []);
      // Those of the same round.
      const ratios = slowest?.map(({ ms }, i) => ms / (of[i]?.ms ?? Number.NaN));
      return [
        [
          way,
          middle("ms").toFixed(0),
          ratios === undefined ? "" : `${median(ratios).toFixed(1)}`,
          ...[middle("requests"), middle("rounds"), middle("calls"), middle("keys")].map(String),
          String(Math.max(0, middle("keys") - needed)),
          again.length === 0 ? "" : String(median(again)),
        ],
      ];
    });
    lines.push(`${delayMs} ms for each answer:`, markdownTable(HEADINGS, rows, 1));
  }
  return lines.join("\n\n");
}
