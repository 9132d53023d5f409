// How near the simulation comes to what two cores do.

import { markdownTable } from "./markdown.ts";
import type { SimulatedBlock, SimulateMeasurement } from "./measurements.ts";

type Times = SimulatedBlock["ms"];

/** A row for each group, and one for each block that is foretold worst. */
export function simulateTable({ blocks, sharing }: SimulateMeasurement): string {
  const groups = [...new Set(blocks.map(({ group }) => group))];
  const totals = groups.map((group) =>
    row(
      `all of ${group}`,
      blocks.filter((block) => block.group === group),
    ),
  );
  const worst = blocks
    .toSorted((a, b) => Math.abs(errorOf(b)) - Math.abs(errorOf(a)))
    .slice(0, 5)
    .map((block) => row(`${block.group} ${block.name}`, [block]));
  const errors = blocks.map((block) => Math.abs(errorOf(block))).sort((a, b) => a - b);
  const within = errors.filter((error) => error <= 0.1).length;
  const titles = [
    "blocks",
    "txs",
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
    markdownTable(titles, [...totals, row("all", blocks), ...worst], 1),
    "",
    `Speed-ups over running in order. ${within} of ${blocks.length} blocks are foretold within 10%; the middle error is ${percent(errors[errors.length >> 1] ?? 0)}. The last five rows are those that are foretold worst. Workers slow each other down by ${sharing.toFixed(2)}, which was fitted to the transfers, that have no conflicts.`,
  ].join("\n");
}

function row(name: string, blocks: readonly SimulatedBlock[]): string[] {
  const sum = (of: (block: SimulatedBlock) => number): number =>
    blocks.reduce((total, block) => total + of(block), 0);
  const speedup = (of: (block: SimulatedBlock) => Times): number =>
    sum((block) => of(block).sequential) / sum((block) => of(block).two);
  const [measured, foretold] = [speedup(({ ms }) => ms), speedup(({ simulatedMs }) => simulatedMs)];
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
    measured.toFixed(2),
    foretold.toFixed(2),
    percent(foretold / measured - 1),
    String(sum(({ aborts }) => aborts)),
    String(sum(({ simulatedAborts }) => simulatedAborts)),
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
