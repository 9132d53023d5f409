// From how many transactions on a block is worth running in parallel, and what a thread costs it: small blocks on two workers, in order on one,
// and in order on the caller's thread.
//
//   npx -y pnpm@12 bench:small-blocks [--rounds 200]
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { dependentSwaps, etherTransfers, prepareState, sealBlocks, swaps } from "@braid/workloads";
import { newSource, openBlock } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { SmallBlock, SmallBlocksMeasurement } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { smallBlocksTable } from "./tables.ts";

const SIZES = [1, 2, 3, 4, 6, 8, 16, 32];
const WARM_UP_ROUNDS = 60;
/** They take turns, in an order that changes. */
const SIDES = [
  { side: "sequential", mode: "sequential" },
  { side: "parallel", mode: "parallel" },
  { side: "inline", mode: "sequential", workers: 0 },
] as const;
const { values } = parseArgs({ options: { rounds: { type: "string", default: "200" } } });
const environment = describeEnvironment("bench:small-blocks");
const workload = await prepareState({ senders: 64, pools: 16 });
const kinds = {
  "ether transfers": (count: number) => etherTransfers(workload, count),
  "swaps, 16 pools": (count: number) => swaps(workload, count, 16),
  "dependent swaps": (count: number) => dependentSwaps(workload, count),
};
const executor = new Executor({ workers: 2 });
const blocks: Required<SmallBlock>[] = [];
for (const [kind, make] of Object.entries(kinds)) {
  for (const transactions of SIZES) {
    const bundle = await sealBlocks(workload, [make(transactions)], kind);
    const block = await openBlock({ kind: "bundle", name: kind, bundle });
    const times: Required<SmallBlock> = { kind, transactions, sequential: [], parallel: [], inline: [] };
    // One source for all runs: what is compared is running, not loading.
    const source = newSource(block);
    for (let round = 0; round < WARM_UP_ROUNDS + Number(values.rounds); round++) {
      for (let i = 0; i < SIDES.length; i++) {
        const { side, ...how } = SIDES[(i + round) % SIDES.length] as (typeof SIDES)[number];
        const start = performance.now();
        await executor.executeBlock({
          block: block.block.input,
          chain: block.block.chain,
          source,
          force: true,
          ...how,
        });
        if (round >= WARM_UP_ROUNDS) times[side].push(performance.now() - start);
      }
    }
    blocks.push(times);
    console.error(`${kind}, ${transactions}`);
  }
}
await executor.close();
const measurement: SmallBlocksMeasurement = { environment, blocks };
console.log(formatEnvironment(environment));
console.log(smallBlocksTable(measurement));
console.log(`written to ${writeResult("small-blocks", measurement)}`);
