// Memory of a node whose user takes a snapshot, mines, and reverts, thousands of times, as test suites do: it must stay flat.
//
//   npx -y pnpm@12 bench:snapshots [--rounds 5000]
import { parseArgs } from "node:util";
import { createNode } from "@braid/node";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { slope } from "./statistics.ts";

const MIB = 2 ** 20;
const MEASUREMENTS = 20;
/** Stores its block's number and time, and deploys nothing: what a round changes is not what the one before did. */
const WRITER = "0x00000000000000000000000000000000000000c4";
const CODE = "0x4260005542600055434360ff16554360015500";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5000" } } });
const rounds = Number(values.rounds);
if (!(rounds >= MEASUREMENTS)) throw new RangeError(`--rounds: at least ${MEASUREMENTS}`);
const environment = describeEnvironment("bench:snapshots");

await using node = await createNode({ workers: 0 });
const ask = (method: string, ...params: unknown[]): Promise<unknown> => node.request({ method, params });
const [from] = (await ask("eth_accounts")) as [string];
await ask("hardhat_setCode", WRITER, CODE);
const heap: number[] = [];
const begin = performance.now();
for (let round = 1; round <= rounds; round++) {
  const snapshot = await ask("evm_snapshot");
  const transaction = { from, to: WRITER, gas: "0x30d40", value: `0x${round.toString(16)}` };
  await ask("eth_sendTransaction", transaction);
  await ask("hardhat_setBalance", WRITER, `0x${round.toString(16)}`);
  await ask("hardhat_mine", "0x2");
  if ((await ask("evm_revert", snapshot)) !== true) throw new Error(`round ${round} was not reverted`);
  if (round % Math.floor(rounds / MEASUREMENTS) !== 0) continue;
  globalThis.gc?.();
  heap.push(process.memoryUsage().heapUsed / MIB);
  console.error(`${round} rounds: ${heap.at(-1)?.toFixed(1)} MiB on the heap`);
}
const ms = performance.now() - begin;
const settled = heap.slice(Math.floor(heap.length / 2));
const perRound = (slope(settled) * MIB) / (rounds / MEASUREMENTS);
console.log(formatEnvironment(environment));
console.log(
  `${rounds} rounds of snapshot, three blocks and revert: ${(ms / rounds).toFixed(2)} ms each, ${perRound.toFixed(0)} bytes a round stay in the second half`,
);
