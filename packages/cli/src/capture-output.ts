// What `braid capture` shows: a line for each block, problems as they are found, the totals, the JSON document.
import { relative } from "node:path";
import type { RpcClient } from "@braid/remote";
import type { CaptureOutcome, CaptureSummary } from "@braid/replay";
import { formatBytes, formatCount, formatDuration, formatMs, plural, threeDigits } from "./format.ts";
import { describeProblem as describeReport } from "./replay-output.ts";

/** True for a block that is there now. */
export function isDone({ verdict }: CaptureOutcome): boolean {
  return verdict === "captured" || verdict === "skipped";
}

/** The line of a block that is there: number, how, and where. */
export function describeOutcome(outcome: CaptureOutcome): string {
  if (outcome.verdict !== "captured") return `${outcome.block}  ${outcome.verdict}`;
  const { number, way, path, report } = outcome;
  const root = report.checked.includes("stateRoot") ? ", state root checked" : "";
  return `${number}  ${outcome.verdict}  ${plural(report.transactions, "transaction")} by ${way}${root}  ${relativeName(path)}`;
}

/** The lines about a block that is not there, or wrong. */
export function describeProblem(outcome: CaptureOutcome): string[] {
  if (outcome.verdict === "error")
    return [`braid: block ${outcome.block}: ${outcome.error.message} [${outcome.error.code}]`];
  if (outcome.verdict !== "mismatch") return [];
  return [
    ...describeReport(outcome.report),
    `  kept aside; try another node, or look at it: braid replay ${relativeName(outcome.path)} --compare --baseline`,
  ];
}

/** "12/100 blocks  3.4 blocks/s  26 s left". */
export function progressText(done: number, count: number, fresh: number, ms: number): string {
  const blocks = `${formatCount(done)}/${plural(count, "block")}`;
  if (fresh === 0) return blocks;
  const perSecond = (fresh / ms) * 1000;
  return `${blocks}  ${threeDigits(perSecond)} blocks/s  ${formatDuration(((count - done) / perSecond) * 1000)} left`;
}

/** The last line. */
export function formatTotals(
  { outcomes, interrupted }: CaptureSummary,
  client: RpcClient,
  ms: number,
): string {
  const count = (verdict: CaptureOutcome["verdict"]): number =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  const { requests, bytes, retries } = client.statistics;
  const parts = [
    `${formatCount(count("captured"))} captured`,
    ...(count("skipped") > 0 ? [`${formatCount(count("skipped"))} there already`] : []),
    ...(count("mismatch") > 0 ? [plural(count("mismatch"), "mismatch")] : []),
    ...(count("error") > 0 ? [plural(count("error"), "error")] : []),
  ];
  const again = retries > 0 ? `, ${plural(retries, "call")} made again` : "";
  const line = `${parts.join(", ")}; ${plural(requests, "request")} to ${client.host}, ${formatBytes(bytes)} in ${formatMs(ms)}${again}`;
  return interrupted ? `${line}\ninterrupted: the same command goes on from here` : line;
}

/** One JSON document: every block, the totals. */
export function formatJson(
  summary: CaptureSummary,
  { host, statistics }: RpcClient,
  { version, ms }: { version: string; ms: number },
): string {
  const document = {
    braid: version,
    node: process.versions.node,
    host,
    wallMs: ms,
    rpc: statistics,
    ...summary,
  };
  // Data of errors may hold bigints.
  return JSON.stringify(
    document,
    (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value),
    2,
  );
}

/** A path as short as it can be typed from here. */
function relativeName(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
