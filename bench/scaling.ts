// What more workers bring: mainnet-blocks sequentially, with one and with two workers in turn, and nothing else on the machine.
//
//   npx -y pnpm@12 bench:scaling [--rounds 15]
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { mainnetOrigins, newSource, openBlock } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { ScalingBlock, ScalingMeasurement } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { scalingLines } from "./tables.ts";

const WARM_UP_ROUNDS = 4;
const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const environment = describeEnvironment("bench:scaling");
const executor = new Executor({ workers: 2 });
const opened = await Promise.all((await mainnetOrigins()).map(openBlock));
const blocks = opened.map(
  ({ name, block }): ScalingBlock => ({
    name,
    transactions: block.input.transactions.length,
    ms: { sequential: [], one: [], two: [] },
  }),
);
const SIDES = ["sequential", "one", "two"] as const;
for (let round = 0; round < WARM_UP_ROUNDS + Number(values.rounds); round++) {
  for (const [index, block] of opened.entries())
    for (let turn = 0; turn < SIDES.length; turn++) {
      const side = SIDES[(turn + round + index) % SIDES.length] as (typeof SIDES)[number];
      const source = newSource(block);
      const start = performance.now();
      await executor.executeBlock({
        block: block.block.input,
        common: block.block.common,
        source,
        mode: side === "sequential" ? "sequential" : "parallel",
        workers: side === "one" ? 1 : 2,
      });
      if (round >= WARM_UP_ROUNDS) (blocks[index] as ScalingBlock).ms[side].push(performance.now() - start);
    }
}
await executor.close();
const measurement: ScalingMeasurement = { environment, rounds: Number(values.rounds), blocks };
console.log(formatEnvironment(environment));
console.log(scalingLines(measurement));
console.log(`written to ${writeResult("scaling", measurement)}`);
