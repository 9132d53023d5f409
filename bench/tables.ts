// Measurements as Markdown: what the benchmarks print and the report keeps.

import { MIN_PARALLEL_TRANSACTIONS } from "@braid/executor";
import { markdownTable } from "./markdown.ts";
import type {
  ConformanceMeasurement,
  FreshProcessMeasurement,
  FreshRun,
  FreshSide,
  HardhatMeasurement,
  HintsMeasurement,
  HostileMeasurement,
  KeysMeasurement,
  LongRunMeasurement,
  MeasuredBlock,
  MemoryMeasurement,
  NodeMeasurement,
  NodeRow,
  PhaseRow,
  ProfileMeasurement,
  ProfileRow,
  Side,
  SmallBlocksMeasurement,
  StatesMeasurement,
  StockMeasurement,
} from "./measurements.ts";
import { WORKLOAD_HINTS, WORKLOAD_WORKERS, type WorkloadsMeasurement } from "./measurements.ts";
import { reasonOf } from "./node-reasons.ts";
import { PHASES } from "./phases.ts";
import { median, quantile, ratios, type Spread, spreadOf, sumLists } from "./statistics.ts";

const LARGE = 100;
/** A block may take this much longer in parallel than sequentially before it is listed. */
const TOLERANCE = 1.05;

function totals(blocks: MeasuredBlock[], side: Side): number[] {
  return sumLists(blocks.map(({ ms }) => ms[side]));
}

function percent({ median: middle, min, max }: Spread): string {
  const show = (value: number): string => (value * 100).toFixed(1);
  return `${show(middle)}% (${show(min)} to ${show(max)})`;
}

function times({ median: middle, min, max }: Spread): string {
  return `${middle.toFixed(2)}x (${min.toFixed(2)} to ${max.toFixed(2)})`;
}

function seconds(samples: number[]): string {
  return `${(median(samples) / 1e3).toFixed(2)} s`;
}

/** The command's runs as a row: time of the blocks, Mgas/s. */
function freshRow(name: string, runs: FreshRun[]): string[] {
  return [
    name,
    seconds(runs.map(({ ms }) => ms)),
    median(runs.map(({ gas, ms }) => gas / 1e3 / ms)).toFixed(0),
  ];
}

/** The command as its user sees it; a ratio is that of two runs of the same round. */
export function freshProcessTable({ runs }: FreshProcessMeasurement): string {
  const { once } = runs;
  const row = (name: string, side: FreshSide): string[] => {
    const walls = runs[side].map(({ wallMs }) => wallMs);
    const ratio = spreadOf(walls.map((wall, i) => wall / (once[i]?.wallMs ?? Number.NaN)));
    return [...freshRow(name, runs[side]), seconds(walls), times(ratio)];
  };
  return markdownTable(
    ["", "blocks", "Mgas/s", "start to end", "against the first row"],
    [
      row("`braid replay`, each block once", "once"),
      row("without a rehearsal", "unrehearsed"),
      row("without Node's cache of compiled code", "uncached"),
      row("each block five times (its median)", "repeated"),
    ],
    1,
  );
}

const STOCK_ROWS: readonly (readonly [side: Side, name: string])[] = [
  ["stock", "stock `runBlock` over `MerkleStateManager`"],
  ["sequential", "Braid, sequential"],
  ["one", "Braid, parallel, 1 worker"],
  ["two", "Braid, parallel, 2 workers"],
  ["wasm sequential", "Braid, engine `wasm`, sequential"],
  ["wasm one", "Braid, engine `wasm`, 1 worker"],
  ["wasm two", "Braid, engine `wasm`, 2 workers"],
  ["stock known", "stock, senders known beforehand"],
  ["two known", "Braid, 2 workers, senders known beforehand"],
  ["wasm two known", "Braid, engine `wasm`, 2 workers, senders known beforehand"],
];

/** The sums over all mainnet blocks. */
export function stockSummary(
  { blocks, rounds, passes }: StockMeasurement,
  fresh?: FreshProcessMeasurement,
): string {
  const mainnet = blocks.filter(({ group }) => group === "mainnet");
  const large = mainnet.filter(({ transactions }) => transactions >= LARGE);
  const gas = mainnet.reduce((sum, block) => sum + block.gas, 0);
  // Results of before a side was measured have no row of it.
  const has = (side: Side): boolean => mainnet.every(({ ms }) => ms[side] !== undefined);
  const rows = STOCK_ROWS.filter(([side]) => has(side)).map(([side, name]) => {
    const sum = totals(mainnet, side);
    const stock = totals(mainnet, side.endsWith("known") ? "stock known" : "stock");
    // Each pass of Braid is held against stock's pass of the same round.
    const base =
      sum.length === stock.length ? stock : sum.map((_, i) => stock[Math.floor(i / passes)] as number);
    return [name, seconds(sum), (gas / 1e3 / median(sum)).toFixed(0), percent(spreadOf(ratios(sum, base)))];
  });
  const stockMs = median(totals(mainnet, "stock"));
  const freshRows = (fresh === undefined ? [] : (["once", "repeated"] as const)).map((side) => {
    const runs = fresh?.runs[side] ?? [];
    const name =
      side === "once"
        ? "`braid replay`, in a process that was just started"
        : "the same, each block five times";
    return [...freshRow(name, runs), percent(spreadOf(runs.map(({ ms }) => ms / stockMs)))];
  });
  const against = (side: Side, two: Side): string =>
    times(spreadOf(ratios(totals(large, side), totals(large, two))));
  return [
    `${mainnet.length} blocks, ${mainnet.reduce((sum, block) => sum + block.transactions, 0).toLocaleString("en")} transactions, ${(gas / 1e6).toFixed(0)} Mgas; medians of ${rounds} ${rounds === 1 ? "round" : "rounds"} with ${passes} passes of Braid each, in parentheses the lowest and highest.`,
    "",
    markdownTable(["", "all blocks", "Mgas/s", "time of stock"], [...rows, ...freshRows], 1),
    "",
    `Over the ${large.length} blocks of ${LARGE} or more transactions two workers are ${against("one", "two")} as fast as one, and ${against("sequential", "two")} as fast as sequential execution${has("wasm two") ? `; on the engine \`wasm\` ${against("wasm one", "wasm two")} and ${against("wasm sequential", "wasm two")}` : ""}.`,
  ].join("\n");
}

/** What is slower in parallel than sequentially. Smaller blocks run sequentially either way: what differs there is noise. */
function slowBlocks(all: MeasuredBlock[]): string {
  const blocks = all.filter(({ transactions }) => transactions >= MIN_PARALLEL_TRANSACTIONS);
  const slow = blocks.filter(({ ms }) => median(ms.two) > TOLERANCE * median(ms.sequential));
  if (slow.length === 0)
    return `None of the ${blocks.length} blocks that are run in parallel takes more than ${TOLERANCE} times its sequential time with two workers (medians).`;
  return `Slower than ${TOLERANCE} times their sequential time with two workers (medians): ${slow.map(({ name, ms }) => `${name} (${(median(ms.two) / median(ms.sequential)).toFixed(2)})`).join(", ")}.`;
}

/** All tables. */
export function stockTables(measurement: StockMeasurement): string {
  const { blocks } = measurement;
  const rows = blocks.map(({ name, fork, transactions, gas, ms, aborts }) => {
    const [stock, sequential, one, two] = [ms.stock, ms.sequential, ms.one, ms.two].map(median) as [
      number,
      number,
      number,
      number,
    ];
    return [
      name,
      fork,
      transactions.toLocaleString("en"),
      (gas / 1e6).toFixed(1),
      ...[stock, sequential, one, two].map((value) => value.toFixed(1)),
      `${(stock / two).toFixed(1)}x`,
      (two / sequential).toFixed(2),
      `${spreadOf(ratios(ms.two, ms.sequential)).min.toFixed(2)} to ${spreadOf(ratios(ms.two, ms.sequential)).max.toFixed(2)}`,
      String(aborts),
    ];
  });
  return [
    stockSummary(measurement),
    "",
    slowBlocks(blocks),
    "",
    "Milliseconds, medians; senders are recovered on both sides.",
    "",
    markdownTable(
      [
        "block",
        "fork",
        "txs",
        "Mgas",
        "stock",
        "sequential",
        "1 worker",
        "2 workers",
        "stock / 2 workers",
        "2 workers / sequential",
        "spread",
        "aborts",
      ],
      rows,
      2,
    ),
  ].join("\n");
}

/** The result in words. */
export function memoryLines({ resident, peak, growth }: MemoryMeasurement): string {
  const list = resident.map((value) => value.toFixed(0)).join(", ");
  return `Highest resident size ${peak.toFixed(0)} MiB; after each of ${resident.length} repetitions ${list} MiB: ${growth.toFixed(1)} MiB a repetition over the second half.`;
}

/** One row for each family of keys. */
export function keysTable({ keys, families }: KeysMeasurement): string {
  return markdownTable(
    [`${keys} slots of an account`, "ns a look-up", "lowest to highest"],
    families.map(({ name, median, low, high }) => [
      name,
      median.toFixed(0),
      `${low.toFixed(0)} to ${high.toFixed(0)}`,
    ]),
    1,
  );
}

/** One row for each tenth of the run. */
export function longRunTable({ transactions, arena, records, times, tenths }: LongRunMeasurement): string {
  const blocks = tenths.reduce((sum, tenth) => sum + tenth.blocks, 0);
  const rows = tenths.map((tenth, i) => [
    String(i + 1),
    tenth.transactionsPerSecond.toFixed(0),
    tenth.median.toFixed(2),
    tenth.p99.toFixed(2),
    tenth.longest.toFixed(1),
    tenth.reads.toFixed(1),
    String(tenth.fallbacks),
    tenth.resident.toFixed(0),
  ]);
  return [
    `${blocks} blocks of ${transactions} transactions, 2 workers; ${arena} MiB for the cached state, and a state of ${records} accounts and slots, which take ${times} times as much.`,
    "",
    markdownTable(
      [
        "tenth",
        "transactions/s",
        "median, ms",
        "p99, ms",
        "longest, ms",
        "reads of the source a block",
        "fallbacks",
        "MiB resident",
      ],
      rows,
      1,
    ),
  ].join("\n");
}

/** The result in words. */
export function conformanceLines(measurement: ConformanceMeasurement): string {
  const { files, megabytes, jobs, seconds, cpuSeconds, peak, tenths, summary } = measurement;
  const list = tenths.map((value) => value.toFixed(0)).join(", ");
  return (
    `${files} files, ${megabytes.toFixed(0)} MB, ${jobs} workers: ${summary}, in ${(seconds / 60).toFixed(1)} minutes; ${(cpuSeconds / seconds).toFixed(2)} cores busy.\n` +
    `Highest resident size of all processes together ${peak.toFixed(0)} MiB; in each tenth of the run ${list} MiB.`
  );
}

/** Medians, and the quartiles of the ratios. */
export function smallBlocksTable({ blocks }: SmallBlocksMeasurement): string {
  const ratio = (left: number[], right: number[]): string => {
    if (left.length === 0) return "";
    const { median: middle, q1, q3 } = spreadOf(ratios(left, right));
    return `${middle.toFixed(2)} (${q1.toFixed(2)} to ${q3.toFixed(2)})`;
  };
  const rows = blocks.map(({ kind, transactions, sequential, parallel, inline = [] }) => {
    return [
      kind,
      String(transactions),
      median(sequential).toFixed(2),
      median(parallel).toFixed(2),
      inline.length === 0 ? "" : median(inline).toFixed(2),
      ratio(parallel, sequential),
      ratio(inline, sequential),
    ];
  });
  const titles = ["kind", "txs", "one worker, ms", "2 workers, ms", "caller's thread, ms"];
  return markdownTable([...titles, "2 workers / one", "caller's thread / one worker"], rows, 1);
}

/** Shares of the workers' busy time by place, and of a block's time by phase. */
export function profileTable({ rows, phases }: ProfileMeasurement): string {
  const places = placesTable(rows);
  return phases === undefined ? places : `${places}\n\n${phasesTable(phases)}`;
}

function phasesTable(rows: PhaseRow[]): string {
  return markdownTable(
    ["blocks", "engine", ...PHASES],
    rows.map(({ workload, engine, phases }) => {
      const total = Object.values(phases).reduce((sum, ms) => sum + ms, 0);
      return [
        workload,
        engine,
        ...PHASES.map((phase) => `${((100 * (phases[phase] ?? 0)) / total).toFixed(1)}%`),
      ];
    }),
    2,
  );
}

function placesTable(rows: ProfileRow[]): string {
  const busy = rows.filter(({ group }) => group !== "waiting for the next block");
  const total = busy.reduce((sum, { ms }) => sum + ms, 0);
  return markdownTable(
    ["where", "share"],
    busy.map(({ group, ms }) => [group, `${((100 * ms) / total).toFixed(1)}%`]),
    1,
  );
}

/** Medians and quartiles. */
function withQuartiles(samples: number[], digits: number): string {
  const { median: middle, q1, q3 } = spreadOf(samples);
  return `${middle.toFixed(digits)} (${q1.toFixed(digits)} to ${q3.toFixed(digits)})`;
}

/** Calls, small blocks, commits, reads and bytes on disk. */
export function statesTables(measurement: StatesMeasurement): string {
  return [
    ...callLines(measurement),
    "",
    ...besideLines(measurement),
    "",
    ...smallBlockLines(measurement),
    "",
    ...storeLines(measurement),
  ].join("\n");
}

function callLines({ calls }: StatesMeasurement): string[] {
  const rows = calls.map(({ kind, caller, worker, stock }) => [
    kind,
    withQuartiles(caller, 3),
    withQuartiles(worker, 3),
    withQuartiles(stock, 3),
    `${median(ratios(stock, caller)).toFixed(1)}x`,
  ]);
  return [
    "Milliseconds for a call on a warm state, medians and quartiles.",
    "",
    markdownTable(
      ["call", "caller's thread", "on a worker", "stock `evm.runCall`", "stock / caller's"],
      rows,
      1,
    ),
  ];
}

function besideLines({ beside: { transactions, runs } }: StatesMeasurement): string[] {
  const perSecond = (samples: number[]): string => Math.round(median(samples)).toLocaleString("en");
  const rows = runs.map(({ workers, blocksAlone, blocksBeside, callsAlone, callsBeside }) => [
    String(workers),
    perSecond(callsAlone),
    perSecond(callsBeside),
    withQuartiles(blocksAlone, 1),
    withQuartiles(blocksBeside, 1),
    `${median(ratios(blocksBeside, blocksAlone)).toFixed(2)}x`,
  ]);
  return [
    `Calls a second (transfers of a token, on workers) without and beside the import of blocks of ${transactions} such transfers, and milliseconds for a block: medians, quartiles.`,
    "",
    markdownTable(
      ["workers", "calls alone", "calls beside blocks", "block alone", "block beside calls", "cost"],
      rows,
      0,
    ),
  ];
}

function smallBlockLines({ smallBlocks }: StatesMeasurement): string[] {
  const rows = smallBlocks.map(({ store, workers, ms }) => [
    store,
    workers === 0 ? "none: the caller's thread" : String(workers),
    withQuartiles(ms, 3),
  ]);
  return [
    "Milliseconds for a block of one transfer, its sender recovered, executed, rooted and committed: medians and quartiles.",
    "",
    markdownTable(["store", "workers", "block"], rows, 2),
  ];
}

function storeLines({ commits, reads, longChain, updates }: StatesMeasurement): string[] {
  const rate = (samples: number[]): string =>
    samples.length === 0 ? "" : Math.round(median(samples)).toLocaleString("en");
  const count = (value: number): string => value.toLocaleString("en");
  const { blocks, bytes, accounts } = longChain;
  return [
    `Milliseconds for a block that changes ${count(updates)} accounts, medians and quartiles: its state root, and then until it is kept.`,
    "",
    markdownTable(
      ["store", "accounts", "root", "commit"],
      commits.map(({ store, accounts: size, prepare, commit }) => [
        store,
        count(size),
        withQuartiles(prepare, 2),
        withQuartiles(commit, 2),
      ]),
      1,
    ),
    "",
    "Accounts read in a second, one after the other, picked at random; medians.",
    "",
    markdownTable(
      ["store", "accounts", "newest state", "ten blocks back", "newest, in a worker"],
      reads.map(({ store, accounts: size, newest, old, worker }) => [
        store,
        count(size),
        rate(newest),
        rate(old),
        rate(worker),
      ]),
      1,
    ),
    "",
    `Bytes on disk for each of ${count(blocks)} blocks that change ${longChain.updates} of ${count(accounts)} accounts: ${bytes
      .map(
        ({ keep, bytes: each }) =>
          `${count(Math.round(each))} where ${keep === 0 ? "all blocks are kept" : `the last ${keep} are`}`,
      )
      .join(", ")}.`,
  ];
}

/** Braid's node beside the others. How many times as good it is: above 1 it is better. */
export function nodeTable({ rows }: NodeMeasurement): string {
  const show = (samples: number[], unit: NodeRow["unit"]): string => {
    if (samples.length === 0) return "";
    const digits = unit === "ms" ? 3 : 0;
    const { median: middle, q1, q3 } = spreadOf(samples);
    const [first, ...rest] = [middle, q1, q3].map((value) =>
      value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    );
    return samples.length === 1 ? `${first}` : `${first} (${rest.join(" to ")})`;
  };
  const against = (braid: number[], other: number[], unit: NodeRow["unit"]): string => {
    if (braid.length === 0 || other.length === 0) return "";
    const ratio = median(braid) / median(other);
    return `${(unit.endsWith("/s") ? ratio : 1 / ratio).toFixed(2)}x`;
  };
  const reasons = new Map<string, number>();
  const table = markdownTable(
    ["", "unit", "Braid", "anvil", "EDR", "against anvil", "against EDR", "why"],
    rows.map(({ name, unit, samples: { braid, anvil, edr } }) => {
      const ratios = [against(braid, anvil, unit), against(braid, edr, unit)];
      return [
        name,
        unit,
        show(braid, unit),
        show(anvil, unit),
        show(edr, unit),
        ...ratios,
        noteOf(name, ratios, reasons),
      ];
    }),
    2,
  );
  if (reasons.size === 0) return table;
  const list = [...reasons].map(([reason, number]) => `${number}. ${reason}`);
  return `${table}\n\nWhy a row is below anvil's figure or below three times EDR's:\n\n${list.join("\n")}`;
}

/** The number of the reason why a row is below what is wanted of it: anvil's figure, three times EDR's. */
function noteOf(
  name: string,
  [anvil = "", edr = ""]: readonly string[],
  reasons: Map<string, number>,
): string {
  const isBelow = (ratio: string, wanted: number): boolean =>
    ratio !== "" && Number.parseFloat(ratio) < wanted;
  if (!isBelow(anvil, 1) && !isBelow(edr, 3)) return "";
  const reason = reasonOf(name);
  if (!reasons.has(reason)) reasons.set(reason, reasons.size + 1);
  return `${reasons.get(reason)}`;
}

/** Each family at each level of contention: how many times as fast as one after the other, and what was executed in vain. */
export function workloadsTable({ rows }: WorkloadsMeasurement): string {
  const head = ["workload", "Zipf", "failed", "in order, tx/s"];
  for (const workers of WORKLOAD_WORKERS)
    for (const hints of WORKLOAD_HINTS) head.push(`${workers}, ${hints}`);
  head.push("aborts / again, none", "learned", "access list", "precision", "recall");
  return markdownTable(
    head,
    rows.map(({ name, contention, transactions, failed, inOrder, runs }) => {
      const base = median(inOrder);
      const two = runs.filter(({ workers }) => workers === 2);
      const learned = two.find(({ hints }) => hints === "learned");
      return [
        name,
        String(contention),
        String(failed),
        Math.round(transactions / (base / 1e3)).toLocaleString("en"),
        ...runs.map(({ ms }) => `${(base / median(ms)).toFixed(2)}x`),
        ...two.map(({ aborts, reexecutions }) => `${median(aborts)} / ${median(reexecutions)}`),
        (learned?.precision ?? 0).toFixed(2),
        (learned?.recall ?? 0).toFixed(2),
      ];
    }),
    1,
  );
}

/** Median, 99th percentile and maximum of what an honest client waited, in milliseconds. */
export function hostileTable({ rows }: HostileMeasurement): string {
  const show = (samples: number[]): string => {
    if (samples.length === 0) return "none";
    const shown = [0.5, 0.99, 1].map((share) => quantile(samples, share));
    return shown.map((value) => value.toFixed(value < 10 ? 1 : 0)).join(" / ");
  };
  const head = ["attack", "sockets", "eth_blockNumber", "eth_getBalance", "eth_call", "send to receipt"];
  return markdownTable(
    [...head, "asked", "failed", "MiB"],
    rows.map(({ name, sockets, samples, failures, residentMiB }) => [
      name,
      String(sockets),
      ...[samples.blockNumber, samples.balance, samples.call, samples.receipt].map(show),
      String(Object.values(samples).flat().length),
      String(failures),
      residentMiB.toFixed(0),
    ]),
    1,
  );
}

/** Test suites of Hardhat projects: how long Braid takes, as a share of what Hardhat's own network takes. */
export function hardhatTable({ suites, connectionMs }: HardhatMeasurement): string {
  const show = (samples: number[]): string => {
    const { median: middle, q1, q3 } = spreadOf(samples);
    const [first, ...rest] = [middle, q1, q3].map((value) => value.toFixed(2));
    return `${first} (${rest.join(" to ")})`;
  };
  const connections = `A new connection, until it has answered its first request: ${show(connectionMs.braid)} ms on Braid, ${show(connectionMs.edr)} ms on EDR.`;
  const tests = (passed: number, failed: number): string =>
    failed === 0 ? String(passed) : `${passed}, ${failed} failed`;
  const table = markdownTable(
    ["suite", "tests on Braid", "on EDR", "seconds on Braid", "on EDR", "Braid / EDR"],
    suites.map(({ name, seconds: { braid, edr }, passed, failed }) => [
      name,
      tests(passed.braid, failed.braid),
      tests(passed.edr, failed.edr),
      show(braid),
      show(edr),
      (median(braid) / median(edr)).toFixed(2),
    ]),
    1,
  );
  return `${table}\n\n${connections}`;
}

/** What hints foresaw, and the time with them in that of the same round without. */
export function hintsTable({ rows, dependent }: HintsMeasurement): string {
  const foreseen = markdownTable(
    ["blocks", "precision", "recall", "aborts, learned", "aborts, without", "time with hints"],
    rows.map(({ name, blocks, predicted, hits, contended, learned, without }) => [
      `${blocks}: ${name}`,
      predicted === 0 ? "none expected" : (hits / predicted).toFixed(2),
      (hits / contended).toFixed(2),
      String(Math.round(learned.aborts / learned.ms.length)),
      String(Math.round(without.aborts / without.ms.length)),
      times(spreadOf(learned.ms.map((ms, i) => ms / (without.ms[i] as number)))),
    ]),
    1,
  );
  const chains = markdownTable(
    [
      "swaps on one pool",
      "in order, ms a block",
      "2 workers / in order, no hints",
      "learned",
      "in vain, no hints",
    ],
    dependent.map(({ engine, inOrder, without, learned, inVain }) => [
      engine,
      median(inOrder).toFixed(1),
      times(spreadOf(ratios(without, inOrder))),
      times(spreadOf(ratios(learned, inOrder))),
      String(Math.round(inVain)),
    ]),
    1,
  );
  return `${foreseen}\n\n${chains}`;
}
