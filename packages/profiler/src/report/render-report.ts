// A report as one page: nothing in it is loaded from anywhere, and it is read without its script too.

import type { HintStatistics } from "@braid/executor";
import type { Hex } from "@braid/primitives";
import { type NameOf, shortHex } from "../names/names.ts";
import type { BlockProfile } from "../profile/block-profile.ts";
import { type Analysis, analyseBlock, commutes, findings } from "../rank/analyse.ts";
import type { Contention } from "../rank/rank.ts";
import { Simulator } from "../simulate/simulate.ts";
import { conflictGraph, gainChart, speedupChart } from "./charts.ts";
import { type Cell, escapeHtml, hexHtml, ms, tableHtml, times } from "./html.ts";
import { SCRIPT, STYLE } from "./style.ts";
import { timelineHtml } from "./timeline.ts";

export interface ReportBlock {
  profile: BlockProfile;
  /** Where it comes from. */
  source?: string;
  /** How well its conflicts were foreseen when it ran in parallel. */
  hints?: HintStatistics;
}

export interface ReportOptions {
  title: string;
  names: NameOf;
  /** Workers that the details are told for; default 16. */
  at?: number;
}

/** More rows say nothing that anybody reads. */
const MOST_ROWS = 400;

/** The HTML of a report about at least one block. Throws ChartsMissingError when echarts is not installed. PERF: a second for a block, for its simulations. */
export async function renderReport(
  blocks: readonly ReportBlock[],
  { title, names, at = 16 }: ReportOptions,
): Promise<string> {
  const simulator = new Simulator();
  const analysed = blocks.map((block) => ({
    block,
    analysis: analyseBlock(simulator, block.profile, { names, at }),
  }));
  const sections: string[] = [];
  for (const [index, { block, analysis }] of analysed.entries())
    sections.push(await blockSection(block, analysis, index));
  const analyses = analysed.map(({ analysis }) => analysis);
  const overview = analyses.length > 1 ? overviewTable(analyses) : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">To the report</a>
<header><h1>${escapeHtml(title)}</h1>
<p>How ${analyses.length === 1 ? "this block" : `these ${analyses.length} blocks`} would run in parallel: measured transaction by transaction, in order; then run on 1 to 64 workers by Braid's scheduler in virtual time. Speed-ups are over running in order.</p>
${navigation(analyses)}</header>
<main id="main">
<h2>Speed-up by cores</h2>
${await speedupChart(analyses)}
${overview}
${sections.join("\n")}
</main>
<footer><p>Times are milliseconds of the machine that measured them. "In vain" are executions whose reads did not hold, or that met a value about to be written again. An addition "seems" to be one when the transaction did the same on two other values of the location.</p></footer>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

const blockId = (index: number): string => `block-${index}`;
const rowId = (index: number, unit: number): string => `block-${index}-tx-${unit - 1}`;

function navigation(analyses: readonly Analysis[]): string {
  if (analyses.length < 2) return "";
  const items = analyses.map(
    ({ profile }, i) => `<li><a href="#${blockId(i)}">block ${profile.number}</a></li>`,
  );
  return `<nav aria-label="Blocks"><ul>${items.join("")}</ul></nav>`;
}

function overviewTable(analyses: readonly Analysis[]): string {
  const rows = analyses.map((analysis, i): Cell[] => {
    const { profile, ranking, scaling } = analysis;
    const bound = profile.sequentialMs / scaling.boundMs;
    const [first] = ranking.groups;
    return [
      { html: `<a href="#${blockId(i)}">${profile.number}</a>`, sort: profile.number },
      number(profile.transactions),
      number(profile.sequentialMs, ms),
      number(ranking.speedup, times),
      number(bound, times),
      { html: first === undefined ? "nothing" : escapeHtml(first.label) },
      number(first?.speedupWithout ?? ranking.speedup, times),
    ];
  });
  const at = analyses[0]?.at ?? 16;
  return tableHtml(
    "Blocks, and the variable without which each gains most",
    [
      { title: "block" },
      { title: "transactions", numeric: true },
      { title: "ms in order", numeric: true },
      { title: `${at} cores`, numeric: true },
      { title: "longest chain allows", numeric: true },
      { title: "serialised most by" },
      { title: "without it", numeric: true },
    ],
    rows,
  );
}

function number(value: number, format: (value: number) => string = String): Cell {
  return { html: format(value), sort: Math.round(value * 1e4) / 1e4 };
}

async function blockSection(
  { source, hints }: ReportBlock,
  analysis: Analysis,
  index: number,
): Promise<string> {
  const { profile, scaling, simulation, at } = analysis;
  const link = (unit: number): string => unitLink(profile, unit, index);
  const facts: [string, string][] = [
    ["transactions", String(profile.transactions)],
    ["gas", profile.gasUsed.toLocaleString("en")],
    ["in order", `${ms(profile.sequentialMs)} ms`],
    [`on ${at} cores`, times(simulation.speedup)],
    [
      "longest chain",
      `${scaling.critical.units.length === 1 ? "1 transaction" : `${scaling.critical.units.length} transactions`}, ${ms(scaling.critical.ms)} ms`,
    ],
    ["it allows", times(profile.sequentialMs / scaling.boundMs)],
    ["executed again", String(simulation.reexecutions)],
    ...(hints === undefined || hints.predicted === 0
      ? []
      : ([
          ["hints' precision", percent(hints.precision)],
          ["hints' recall", percent(hints.recall)],
        ] as [string, string][])),
  ];
  const hasConflicts = analysis.dependencies.some(
    ({ reader }) => profile.units[reader]?.kind === "transaction",
  );
  return `<section id="${blockId(index)}" aria-labelledby="${blockId(index)}-title">
<h2 id="${blockId(index)}-title">Block ${profile.number}</h2>
${source === undefined ? "" : `<p class="muted">${escapeHtml(source)}</p>`}
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>
<ul class="findings">${findings(analysis)
    .map((line) => `<li>${escapeHtml(line)}</li>`)
    .join("")}</ul>
${hasConflicts ? `<h3>Without each variable, on ${at} cores</h3>\n<p class="muted">The dashed line is the block as it is. Green: all writes seem to be additions, which a delta or sharded counters would free.</p>${await gainChart(analysis)}` : ""}
<h3>${at} workers</h3>
${timelineHtml(analysis, (unit) => (profile.units[unit]?.kind === "transaction" ? rowId(index, unit) : undefined))}
${hasConflicts ? `<h3>Who waits for whom</h3>\n<p class="muted">Each dot is a transaction, from left to right in the block's order; an arrow leads from who wrote a value to who looked at it. Red is the longest chain.</p>${await conflictGraph(analysis)}${criticalPathHtml(analysis, link)}` : ""}
${contentionTable(analysis, analysis.ranking.groups, "Variables that make transactions wait", link)}
<details><summary>Single locations</summary>${contentionTable(analysis, analysis.ranking.locations, "Locations, by address and slot", link)}</details>
${functionTable(analysis)}
${conflictTable(analysis, link)}
${transactionTable(analysis, index, link)}
</section>`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`;
}

function unitLink({ units }: BlockProfile, unit: number, index: number): string {
  return units[unit]?.kind === "transaction"
    ? `<a href="#${rowId(index, unit)}">${unit - 1}</a>`
    : (units[unit]?.kind ?? String(unit));
}

type Link = (unit: number) => string;

/** Links to units, the first ones of many. */
function links(units: readonly number[], link: Link): string {
  const shown = units.slice(0, 12).map(link).join(", ");
  return units.length > 12 ? `${shown} and ${units.length - 12} more` : shown;
}

function criticalPathHtml({ scaling, profile, labels }: Analysis, link: Link): string {
  const { units, locations } = scaling.critical;
  if (units.length < 2) return "";
  const steps = units.map((unit, i) => {
    const location = profile.locations[locations[i - 1] ?? -1];
    const why = location === undefined ? "" : ` looks at ${escapeHtml(labelOf(labels, location))}`;
    return `<li>${link(unit)}${why}: ${ms(profile.units[unit]?.executeMs ?? 0)} ms</li>`;
  });
  return `<details><summary>The longest chain: ${units.length} transactions, ${ms(scaling.critical.ms)} ms</summary><ol>${steps.join("")}</ol></details>`;
}

function labelOf(
  labels: Analysis["labels"],
  { address, slot, field }: BlockProfile["locations"][number],
): string {
  const key = `${address}:${slot ?? field}`;
  return labels.get(key) ?? key;
}

function contentionTable(
  { profile, ranking, labels }: Analysis,
  found: readonly Contention[],
  caption: string,
  link: Link,
): string {
  if (found.length === 0) return "";
  const rows = found.map((one): Cell[] => {
    const [key = ""] = one.keys;
    const address = key.slice(0, 42) as Hex;
    const slot = one.keys.length === 1 ? key.slice(43) : `${one.keys.length} locations`;
    return [
      { html: escapeHtml(labels.get(one.id) ?? one.label) },
      {
        html: `${hexHtml(address, shortHex(address))}<br>${slot.startsWith("0x") ? hexHtml(slot as Hex, shortHex(slot as Hex)) : escapeHtml(slot)}`,
      },
      { html: links(one.readers, link), sort: one.readers.length },
      number(one.chainMs, ms),
      {
        html: commutes(one)
          ? "seems to be only added to"
          : one.additions > 0
            ? `${one.additions} of ${one.writes} writes add`
            : "no",
        sort: one.writes === 0 ? 0 : one.additions / one.writes,
      },
      { html: one.critical ? "yes" : "no" },
      number(one.speedupWithout, times),
    ];
  });
  const known = new Set(profile.locations.map(({ address }) => address));
  return tableHtml(
    `${caption} (${known.size} accounts in the block; as it is ${times(ranking.speedup)} on ${ranking.at} cores)`,
    [
      { title: "variable" },
      { title: "address, slot" },
      { title: "transactions that wait" },
      { title: "ms in a row", numeric: true },
      { title: "commutes" },
      { title: "in the longest chain" },
      { title: "speed-up without it", numeric: true },
    ],
    rows,
  );
}

function functionTable({ ranking }: Analysis): string {
  if (ranking.functions.length === 0) return "";
  return tableHtml(
    "Functions whose transactions wait",
    [
      { title: "contract" },
      { title: "selector" },
      { title: "calls", numeric: true },
      { title: "that wait", numeric: true },
      { title: "ms together", numeric: true },
      { title: "speed-up if they shared nothing", numeric: true },
    ],
    ranking.functions.map(({ to, selector, units, waiting, totalMs, speedupWithout }): Cell[] => [
      { html: to === undefined ? "creation" : hexHtml(to, shortHex(to)) },
      { html: `<span class="hex">${selector ?? "none"}</span>` },
      number(units.length),
      number(waiting.length),
      number(totalMs, ms),
      number(speedupWithout, times),
    ]),
  );
}

/** Why each execution that was not the last one of its transaction was in vain. */
function conflictTable({ simulation, profile, labels }: Analysis, link: Link): string {
  const { conflicts } = simulation;
  if (conflicts.length === 0) return "";
  const rows = conflicts
    .slice(0, MOST_ROWS)
    .map(({ kind, unit, incarnation, location, writer, at }): Cell[] => {
      const where = profile.locations[location];
      return [
        number(at, ms),
        { html: link(unit), sort: unit },
        number(incarnation + 1),
        {
          html:
            kind === "abort"
              ? "had read what was written after that"
              : "met a value about to be written again",
        },
        { html: where === undefined ? "" : escapeHtml(labelOf(labels, where)) },
        { html: writer === undefined ? "nobody" : link(writer), sort: writer ?? -1 },
      ];
    });
  const more = conflicts.length > MOST_ROWS ? `, the first ${MOST_ROWS}` : "";
  return tableHtml(
    `Executions in vain on ${simulation.workers} workers: ${conflicts.length}${more}`,
    [
      { title: "at, ms", numeric: true },
      { title: "transaction" },
      { title: "its time", numeric: true },
      { title: "why" },
      { title: "location" },
      { title: "writer" },
    ],
    rows,
  );
}

function transactionTable(
  { profile, dependencies, simulation }: Analysis,
  index: number,
  link: Link,
): string {
  const waits = new Map<number, Set<number>>();
  const holds = new Map<number, Set<number>>();
  for (const { reader, writer } of dependencies) {
    waits.set(reader, (waits.get(reader) ?? new Set()).add(writer));
    holds.set(writer, (holds.get(writer) ?? new Set()).add(reader));
  }
  const again = new Map<number, number>();
  for (const { unit } of simulation.conflicts) again.set(unit, (again.get(unit) ?? 0) + 1);
  const entries = [...profile.units.entries()].filter(([, { kind }]) => kind === "transaction");
  const rows = entries.map(([unit, { hash, from, to, selector, status, gasUsed, executeMs }]): Cell[] => [
    number(unit - 1),
    { html: hash === undefined ? "" : hexHtml(hash, shortHex(hash)) },
    { html: from === undefined ? "" : hexHtml(from, shortHex(from)) },
    {
      html:
        to === undefined
          ? "creates"
          : `${hexHtml(to, shortHex(to))} <span class="hex">${selector ?? ""}</span>`,
    },
    { html: `${gasUsed.toLocaleString("en")}${status === 0 ? " (failed)" : ""}`, sort: gasUsed },
    number(executeMs, ms),
    number(again.get(unit) ?? 0),
    { html: links([...(waits.get(unit) ?? [])], link), sort: waits.get(unit)?.size ?? 0 },
    { html: links([...(holds.get(unit) ?? [])], link), sort: holds.get(unit)?.size ?? 0 },
  ]);
  return `<details><summary>All ${entries.length} transactions</summary>${tableHtml(
    "Transactions",
    [
      { title: "index", numeric: true },
      { title: "hash" },
      { title: "from" },
      { title: "to" },
      { title: "gas", numeric: true },
      { title: "ms", numeric: true },
      { title: "in vain", numeric: true },
      { title: "looks at what these wrote" },
      { title: "these look at what it wrote" },
    ],
    rows,
    entries.map(([unit]) => rowId(index, unit)),
  )}</details>`;
}
