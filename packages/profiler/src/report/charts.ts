// The charts of a report: echarts draws them on this side, as SVG. Colours are stand-ins, in whose place come the page's own, for light and dark.

import { BaseError } from "@braid/primitives";
import type { EChartsOption } from "echarts";
import type { Analysis } from "../rank/analyse.ts";
import { escapeHtml } from "./html.ts";

/** What echarts gets, and what the page puts there. */
const COLOURS = {
  "#010101": "var(--text)",
  "#020202": "var(--muted)",
  "#030303": "var(--line)",
  "#040404": "var(--accent)",
  "#050505": "var(--warn)",
  "#060606": "var(--bad)",
  "#070707": "var(--good)",
} as const;
const [TEXT, MUTED, LINE, ACCENT, WARN, BAD, GOOD] = Object.keys(COLOURS) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

/** A chart as wide as a page and as wide as a phone; the style sheet shows one of them. */
const WIDTHS = { wide: 1040, narrow: 350 } as const;
type Width = keyof typeof WIDTHS;

/** The npm package that draws is not installed. */
export class ChartsMissingError extends BaseError {
  constructor(cause: unknown) {
    super(
      "BRAID_PACKAGE_MISSING",
      "A report needs the npm package echarts, which is not installed. Install it beside Braid: npm install echarts",
      { cause },
    );
  }
}

async function loadEcharts(): Promise<typeof import("echarts")> {
  try {
    return await import("echarts");
  } catch (error) {
    throw new ChartsMissingError(error);
  }
}

/** Draws both widths of a chart. `label` is what somebody who does not see it is told. */
async function drawChart(
  option: (width: Width) => EChartsOption,
  height: (width: Width) => number,
  label: string,
): Promise<string> {
  const echarts = await loadEcharts();
  const drawn = (Object.keys(WIDTHS) as Width[]).map((width) => {
    const chart = echarts.init(null, null, {
      renderer: "svg",
      ssr: true,
      width: WIDTHS[width],
      height: height(width),
    });
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: "inherit", color: TEXT },
      ...option(width),
    });
    const svg = chart.renderToSVGString({ useViewBox: true });
    chart.dispose();
    return `<div class="${width}">${recolour(svg)}</div>`;
  });
  return `<div class="chart" role="img" aria-label="${escapeHtml(label)}">${drawn.join("")}</div>`;
}

function recolour(svg: string): string {
  let text = svg;
  for (const [standIn, colour] of Object.entries(COLOURS)) {
    const value = Number.parseInt(standIn.slice(1, 3), 16);
    text = text.replaceAll(standIn, colour).replaceAll(`rgb(${value},${value},${value})`, colour);
  }
  return text;
}

const axis = {
  axisLine: { lineStyle: { color: LINE } },
  splitLine: { lineStyle: { color: LINE } },
  axisLabel: { color: MUTED },
};

/** Speed-up by cores: of each block thin, of all together thick, and what the longest chains allow. */
export function speedupChart(analyses: readonly Analysis[]): Promise<string> {
  const counts = analyses[0]?.scaling.simulations.map(({ workers }) => String(workers)) ?? [];
  const inOrder = analyses.reduce((sum, { profile }) => sum + profile.sequentialMs, 0);
  const total = counts.map((_, i) =>
    round(inOrder / analyses.reduce((sum, { scaling }) => sum + (scaling.simulations[i]?.totalMs ?? 0), 0)),
  );
  const bound = round(inOrder / analyses.reduce((sum, { scaling }) => sum + scaling.boundMs, 0));
  const line = (
    name: string,
    data: number[],
    color: string,
    width: number,
    type: "solid" | "dashed" = "solid",
  ) => ({
    name,
    type: "line" as const,
    data,
    color,
    symbolSize: width > 1 ? 7 : 3,
    showSymbol: type === "solid",
    lineStyle: { width, type, color, opacity: width > 1 ? 1 : 0.45 },
    label: width > 2 ? { show: true, color: TEXT, formatter: "{c}" } : { show: false },
  });
  return drawChart(
    (width) => ({
      grid: { left: 42, right: 16, top: 40, bottom: 46 },
      legend: { top: 0, textStyle: { color: TEXT }, data: ["simulated", "longest chain"] },
      xAxis: {
        ...axis,
        type: "category",
        data: counts,
        name: "cores",
        nameLocation: "middle",
        nameGap: 28,
        nameTextStyle: { color: MUTED },
      },
      yAxis: {
        ...axis,
        type: "value",
        name: width === "wide" ? "times as fast as in order" : "times",
        nameTextStyle: { color: MUTED, align: "left" },
      },
      series: [
        ...(analyses.length > 1
          ? analyses.map(({ profile, scaling }) =>
              line(
                String(profile.number),
                scaling.simulations.map(({ speedup }) => round(speedup)),
                MUTED,
                1,
              ),
            )
          : []),
        line(
          "longest chain",
          counts.map(() => bound),
          GOOD,
          2,
          "dashed",
        ),
        line("simulated", total, ACCENT, 3),
      ],
    }),
    (width) => (width === "wide" ? 340 : 300),
    `Speed-up by cores: ${counts.map((count, i) => `${count} cores ${total[i]}`).join(", ")}; the longest chains allow ${bound}.`,
  );
}

/** What the block would gain without each group of locations. */
export function gainChart({ ranking }: Analysis): Promise<string> {
  const groups = ranking.groups.slice(0, 10).toReversed();
  return drawChart(
    (width) => ({
      grid: { left: width === "wide" ? 330 : 12, right: 56, top: 8, bottom: 30 },
      xAxis: { ...axis, type: "value" },
      yAxis: {
        ...axis,
        type: "category",
        data: groups.map(({ label }) => label),
        axisLabel:
          width === "wide"
            ? { color: TEXT, width: 270, overflow: "truncate" }
            : {
                color: TEXT,
                inside: true,
                width: 260,
                overflow: "truncate",
                verticalAlign: "bottom",
                padding: [0, 0, 9, 0],
              },
        axisTick: { show: false },
        z: 10,
      },
      series: [
        {
          type: "bar",
          barWidth: width === "wide" ? "58%" : 9,
          data: groups.map((group) => ({
            value: round(group.speedupWithout),
            itemStyle: { color: group.additions === group.writes ? GOOD : ACCENT },
          })),
          label: { show: true, position: "right", color: TEXT, formatter: "{c}x" },
          markLine: {
            silent: true,
            symbol: "none",
            lineStyle: { color: BAD, type: "dashed" },
            label: { show: false },
            data: [{ xAxis: round(ranking.speedup) }],
          },
        },
      ],
    }),
    (width) => 48 + groups.length * (width === "wide" ? 30 : 40),
    `Speed-up on ${ranking.at} cores without each variable: ${groups
      .toReversed()
      .map(({ label, speedupWithout }) => `${label} ${speedupWithout.toFixed(2)}`)
      .join(", ")}; as it is ${ranking.speedup.toFixed(2)}.`,
  );
}

/** Who looked at what whom had written: transactions from left to right, further down the longer the chain above them. */
export function conflictGraph({ dependencies, profile, scaling }: Analysis): Promise<string> {
  const depth = new Map<number, number>();
  const nearest = new Map<string, { reader: number; writer: number }>();
  const last = profile.units.length - 1;
  for (const { reader, writer } of dependencies) {
    // The epilogue waits for everything anyway.
    if (reader === last || writer === 0) continue;
    depth.set(reader, Math.max(depth.get(reader) ?? 0, (depth.get(writer) ?? 0) + 1));
    if (!depth.has(writer)) depth.set(writer, 0);
    nearest.set(`${writer}-${reader}`, { reader, writer });
  }
  const critical = new Set(scaling.critical.units);
  const deepest = Math.max(1, ...depth.values());
  const height = (width: Width): number => Math.min(width === "wide" ? 640 : 480, 110 + deepest * 34);
  const isLink = ({ reader, writer }: { reader: number; writer: number }): boolean => {
    const at = scaling.critical.units.indexOf(reader);
    return at > 0 && scaling.critical.units[at - 1] === writer;
  };
  return drawChart(
    (width) => ({
      series: [
        {
          type: "graph",
          layout: "none",
          left: 20,
          right: 20,
          top: 20,
          bottom: 20,
          edgeSymbol: ["none", "arrow"],
          edgeSymbolSize: 5,
          label: {
            show: depth.size <= (width === "wide" ? 70 : 24),
            color: TEXT,
            position: "top",
            distance: 3,
            fontSize: 10,
          },
          data: [...depth].map(([unit, at]) => ({
            id: String(unit),
            name: String(unit - 1),
            // A graph fits its nodes into the room that it has, both ways alike.
            x: (unit / last) * WIDTHS[width],
            y: (at / deepest) * (height(width) - 40),
            symbolSize: 8 + Math.min(14, Math.sqrt(profile.units[unit]?.executeMs ?? 0) * 5),
            itemStyle: { color: critical.has(unit) ? BAD : ACCENT },
          })),
          links: [...nearest.values()].map((link) => ({
            source: String(link.writer),
            target: String(link.reader),
            lineStyle: isLink(link)
              ? { color: BAD, width: 2, opacity: 1, curveness: 0.15 }
              : { color: WARN, width: 1, opacity: 0.5, curveness: 0.15 },
          })),
        },
      ],
    }),
    height,
    `${nearest.size} dependencies between ${depth.size} transactions; the longest chain has ${scaling.critical.units.length}.`,
  );
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
