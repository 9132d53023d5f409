// What `braid replay` shows: problems as they are found, the table of blocks, the totals, the JSON document.
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { signatureRecovery } from "@braid/executor";
import { type BlockReport, describeDifference, type ReplaySummary, type Verdict } from "@braid/replay";
import { formatBytes, formatCount, formatMs, formatSpeedup, plural, threeDigits } from "./format.ts";
import { type Cell, type Column, formatTable, type Style } from "./table.ts";

const VERDICT_STYLES: Record<Verdict, Style> = { ok: "green", mismatch: ["bold", "red"], error: "red" };
/** More differences of one block than these say nothing new. */
const SHOWN_DIFFERENCES = 6;

/** The lines about what is wrong with a block or a file; none when it is ok. The first one stands for itself. */
export function describeProblem(report: BlockReport): string[] {
  const name = relativeName(report.file);
  const block = report.number === null ? "" : `block ${report.number}: `;
  if (report.verdict === "ok") return [];
  if (report.verdict === "error") {
    const { code = "unknown", message = "failed", data } = report.error ?? {};
    const cause = typeof data?.cause === "string" ? ` (${data.cause})` : "";
    return [`braid: ${name}: ${block}${message}${cause} [${code}]`];
  }
  const lines = report.differences
    .slice(0, SHOWN_DIFFERENCES)
    .map((difference) => `  ${describeDifference(difference)}`);
  return [`braid: ${name}: ${block}the result does not match`, ...lines, ...explain(report)];
}

/** When stock ethereumjs agrees with Braid and not with the header, the file is wrong rather than the execution. */
function explain({ agreesWith = [] }: BlockReport): string[] {
  if (!agreesWith.includes("stock")) return [];
  return [
    "  @ethereumjs/vm gets the same result from this file: its state is probably not the one before this block",
  ];
}

/** The table of all blocks that have a number, and the totals under it. */
export function formatSummary(summary: ReplaySummary, stream: NodeJS.WriteStream): string[] {
  const { totals } = summary;
  const compared = totals.speedup !== undefined;
  const stock = totals.baselineSpeedup !== undefined;
  const columns: Column[] = [
    { title: "block", align: "right" },
    { title: "fork", align: "left" },
    { title: "txs", align: "right" },
    { title: "gas", align: "right" },
    { title: "time", align: "right" },
    { title: "Mgas/s", align: "right" },
    ...(compared ? [{ title: "vs sequential", align: "right" } as const] : []),
    ...(stock ? [{ title: "vs ethereumjs", align: "right" } as const] : []),
    { title: "aborts", align: "right" },
    { title: "verdict", align: "left" },
  ];
  const row = (report: BlockReport): Cell[] => {
    const ran = report.runs.length > 0;
    const shown = (text: string): string => (ran ? text : "-");
    return [
      String(report.number),
      report.fork ?? "",
      formatCount(report.transactions),
      shown(formatCount(report.gasUsed)),
      shown(formatMs(report.ms)),
      shown(threeDigits(report.mgasPerSecond)),
      ...(compared ? [formatSpeedup(report.speedup)] : []),
      ...(stock ? [formatSpeedup(report.baselineSpeedup)] : []),
      shown(formatCount(report.statistics?.aborts ?? 0)),
      { text: report.verdict, style: VERDICT_STYLES[report.verdict] },
    ];
  };
  const blocks = summary.blocks.filter((report) => report.number !== null);
  const table = blocks.length === 0 ? [] : [...formatTable(columns, blocks.map(row), stream), ""];
  return [...table, ...totalLines(summary)];
}

/** One JSON document: what was asked for, every block, the totals. */
export function formatJson(
  summary: ReplaySummary,
  options: Record<string, unknown>,
  version: string,
): string {
  const { blocks, totals, skippedFiles, interrupted } = summary;
  const document = {
    braid: version,
    node: process.versions.node,
    cores: availableParallelism(),
    signatureRecovery,
    options,
    interrupted,
    skippedFiles,
    blocks,
    totals,
  };
  // Data of errors may hold bigints.
  return JSON.stringify(
    document,
    (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value),
    2,
  );
}

function totalLines(summary: ReplaySummary): string[] {
  const { totals, skippedFiles, interrupted, blocks } = summary;
  const verdicts = [
    ...(totals.ok > 0 ? [`${formatCount(totals.ok)} ok`] : []),
    ...(totals.mismatch > 0 ? [plural(totals.mismatch, "mismatch")] : []),
    ...(totals.error > 0 ? [plural(totals.error, "error")] : []),
  ];
  const rooted = blocks.filter(({ verdict, checked }) => verdict === "ok" && checked.includes("stateRoot"));
  const lines = [
    `${plural(totals.blocks, "block")}${verdicts.length === 0 ? "" : `: ${verdicts.join(", ")}`}${rooted.length === 0 ? "" : ` (${formatCount(rooted.length)} with their state root)`}`,
    // When nothing was executed there is nothing to say about it.
    ...(blocks.some(({ runs }) => runs.length > 0) ? executionLines(summary) : []),
  ];
  for (const { number, baselineError } of blocks)
    if (baselineError !== undefined) lines.push(`block ${number} on @ethereumjs/vm: ${baselineError}`);
  if (skippedFiles.length > 0)
    lines.push(`${plural(skippedFiles.length, "file")} without blocks passed over`);
  if (interrupted) lines.push("interrupted: the blocks after these were not replayed");
  return lines;
}

function executionLines({ totals, blocks }: ReplaySummary): string[] {
  const speedups = [
    ...(totals.speedup === undefined ? [] : [`${formatSpeedup(totals.speedup)} as fast as sequential`]),
    ...(totals.baselineSpeedup === undefined
      ? []
      : [`${formatSpeedup(totals.baselineSpeedup)} as fast as ethereumjs`]),
  ];
  const workers = Math.max(0, ...blocks.map((block) => block.statistics?.workers ?? 0));
  return [
    `${plural(totals.transactions, "transaction")}, ${formatCount(totals.gasUsed)} gas in ${formatMs(totals.ms)}: ${[`${threeDigits(totals.mgasPerSecond)} Mgas/s`, ...speedups].join(", ")}`,
    `${plural(workers, "worker")}, ${plural(totals.aborts, "abort")} in ${plural(totals.executions, "execution")}; ${formatMs(totals.wallMs)} in all, ${formatBytes(totals.maxRssBytes)} at most`,
    ...(signatureRecovery === "native"
      ? []
      : [`signatures recovered in WebAssembly: ${process.platform}-${process.arch} has no native secp256k1`]),
  ];
}

/** A path as short as it can be typed from here. */
function relativeName(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
