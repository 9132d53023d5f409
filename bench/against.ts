// This checkout against another one (a worktree of an earlier commit, installed): all of mainnet-blocks, pass by pass in turn.
//
//   npx -y pnpm@12 bench:against <path> [--rounds 10] [--only 46147,116525]
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { markdownTable } from "./markdown.ts";
import { quantile } from "./statistics.ts";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const MODES: [name: string, options: object][] = [
  ["parallel, 2 workers", { mode: "parallel" }],
  ["parallel, 1 worker", { mode: "parallel", workers: 1 }],
  ["sequential", { mode: "sequential" }],
];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "10" }, only: { type: "string", default: "" } },
});
const [other] = positionals;
if (other === undefined) throw new Error("Say which checkout to compare with: bench:against <path>");

async function start(checkout: string): Promise<ChildProcess> {
  const side = fork(fileURLToPath(new URL("against-side.ts", import.meta.url)), [checkout, values.only]);
  await once(side, "message");
  return side;
}

async function pass(side: ChildProcess, options: object): Promise<number[]> {
  const answer = once(side, "message");
  side.send(options);
  return (await answer)[0] as number[];
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

const sum = (times: readonly number[]): number => times.reduce((total, ms) => total + ms, 0);
const fastest = (passes: readonly number[][]): number =>
  sum((passes[0] ?? []).map((_, block) => Math.min(...passes.map((times) => times[block] as number))));

const environment = describeEnvironment("bench:against");
// Two processes of each: what a process gets (its memory's place, its code's) differs as much as the sides do, and so does the first to start.
const CHECKOUTS = [other, HERE, HERE, other];
const sides: ChildProcess[] = [];
for (const checkout of CHECKOUTS) sides.push(await start(checkout));
const rows: string[][] = [];
for (const [name, options] of MODES) {
  const passes: [number[][], number[][]] = [[], []];
  // The first one is not counted: caches are cold.
  for (let round = 0; round <= Number(values.rounds); round++) {
    const taken: [number[][], number[][]] = [[], []];
    for (const [k, side] of rotated([...sides.entries()], round))
      taken[CHECKOUTS[k] === HERE ? 1 : 0].push(await pass(side, options));
    if (round > 0) for (const [k, times] of taken.entries()) passes[k]?.push(...times);
  }
  const [before = [], after = []] = passes;
  const ratios = after.map((times, i) => sum(times) / sum(before[i] ?? []));
  rows.push([
    name,
    `${(quantile(before.map(sum), 0.5) / 1000).toFixed(2)} s`,
    `${(quantile(after.map(sum), 0.5) / 1000).toFixed(2)} s`,
    `${quantile(ratios, 0.5).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    (fastest(after) / fastest(before)).toFixed(2),
  ]);
}
for (const side of sides) side.kill();
console.log(formatEnvironment(environment));
console.log(
  markdownTable(
    ["", "that one", "this one", "this / that (lowest to highest)", "of the blocks' fastest passes"],
    rows,
    1,
  ),
);
