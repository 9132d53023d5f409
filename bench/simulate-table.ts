// How near the simulation comes to what two cores do.

import { markdownTable } from "./markdown.ts";
import type { SimulatedBlock, SimulateMeasurement } from "./measurements.ts";

type Times = SimulatedBlock["ms"];

/** Milliseconds in order: below, waking a thread late by some tenths of a millisecond, as the system does now and then, is more than a tenth of what two workers take. */
export const LEAST_MS = 4;
const ALLOWED = 0.1;

/** A row for each group, and one for each block; the error is stated of what nothing was fitted to. */
export function simulateTable({ blocks, passes, sharing, handOver }: SimulateMeasurement): string {
  const groups = [...new Set(blocks.map(({ group }) => group))];
  const totals = groups.map((group) =>
    row(
      `all of ${group}`,
      blocks.filter((block) => block.group === group),
    ),
  );
  const rows = blocks.map((block) => row(nameOf(block), [block]));
  const titles = [
    "blocks",
    "txs",
    "in order, ms",
    "1 worker, measured",
    "foretold",
    "2 workers, measured",
    "foretold",
    "error",
    "in vain, measured",
    "foretold",
    "4",
    "16",
    "64",
  ];
  return [
    markdownTable(titles, [...totals, row("all", blocks), ...rows], 1),
    "",
    ...verdict(blocks),
    `Speed-ups over running in order; medians of up to ${passes} runs, those left out that others disturbed where three others were left. Workers slow each other down by ${sharing.toFixed(2)}, and the second one costs ${handOver.toFixed(2)} ms before it begins: both were fitted to the blocks marked *, all at once.`,
  ].join("\n");
}

/** Which blocks are beyond what is allowed. */
function verdict(blocks: readonly SimulatedBlock[]): string[] {
  const held = blocks.filter(({ isFitted }) => !isFitted);
  const judge = (of: readonly SimulatedBlock[], what: string): string => {
    if (of.length === 0) return `There are no ${what}.`;
    const errors = of.map((block) => Math.abs(errorOf(block))).sort((a, b) => a - b);
    const beyond = of.filter((block) => Math.abs(errorOf(block)) > ALLOWED);
    const list = beyond.map((block) => `${nameOf(block)} ${percent(errorOf(block))}`).join(", ");
    return `Of ${of.length} ${what} ${of.length - beyond.length} are foretold within ${percent(ALLOWED)}; the middle error is ${percent(errors[errors.length >> 1] ?? 0)}, the largest ${percent(errors.at(-1) ?? 0)}.${list === "" ? "" : ` Beyond: ${list}.`}`;
  };
  const large = ({ ms }: SimulatedBlock): boolean => ms.sequential >= LEAST_MS;
  return [
    judge(held.filter(large), `blocks of ${LEAST_MS} ms and more that nothing was fitted to`),
    judge(
      held.filter((block) => !large(block)),
      `smaller ones`,
    ),
    judge(
      blocks.filter(({ isFitted }) => isFitted),
      "blocks that the constants were fitted to",
    ),
  ];
}

function nameOf({ group, name, isFitted }: SimulatedBlock): string {
  return `${group} ${name}${isFitted ? " *" : ""}`;
}

function row(name: string, blocks: readonly SimulatedBlock[]): string[] {
  const sum = (of: (block: SimulatedBlock) => number): number =>
    blocks.reduce((total, block) => total + of(block), 0);
  const speedup = (of: (block: SimulatedBlock) => Times, side: "one" | "two"): number =>
    sum((block) => of(block).sequential) / sum((block) => of(block)[side]);
  const measured = (side: "one" | "two"): number => speedup(({ ms }) => ms, side);
  const foretold = (side: "one" | "two"): number => speedup(({ simulatedMs }) => simulatedMs, side);
  const at = (workers: number): string => {
    const time = sum(
      ({ simulatedMs, speedups }) =>
        simulatedMs.sequential / (speedups.find((one) => one.workers === workers)?.speedup ?? 1),
    );
    return (sum(({ simulatedMs }) => simulatedMs.sequential) / time).toFixed(2);
  };
  return [
    name,
    String(sum(({ transactions }) => transactions)),
    sum(({ ms }) => ms.sequential).toFixed(1),
    measured("one").toFixed(2),
    foretold("one").toFixed(2),
    measured("two").toFixed(2),
    foretold("two").toFixed(2),
    percent(foretold("two") / measured("two") - 1),
    String(Math.round(sum(({ inVain }) => inVain))),
    String(sum(({ simulatedInVain }) => simulatedInVain)),
    at(4),
    at(16),
    at(64),
  ];
}

/** Of the speed-up on two workers. */
function errorOf({ ms, simulatedMs }: SimulatedBlock): number {
  return simulatedMs.sequential / simulatedMs.two / (ms.sequential / ms.two) - 1;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
