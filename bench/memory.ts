// Memory: all of mainnet-blocks with two workers in one process, again and again. Resident size must stay bounded and not grow.
//
//   npx -y pnpm@12 bench:memory [--repetitions 20]
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { mainnetOrigins, newSource, openBlock } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { MemoryMeasurement } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { slope } from "./statistics.ts";
import { memoryLines } from "./tables.ts";

const MIB = 2 ** 20;
const { values } = parseArgs({ options: { repetitions: { type: "string", default: "20" } } });
const environment = describeEnvironment("bench:memory");
const executor = new Executor({ workers: 2 });
const resident: number[] = [];
for (let repetition = 0; repetition < Number(values.repetitions); repetition++) {
  // Files are read anew each time: what is kept of them would show.
  for (const origin of await mainnetOrigins()) {
    const block = await openBlock(origin);
    await executor.executeBlock({
      block: block.block.input,
      chain: block.block.chain,
      source: newSource(block),
    });
  }
  globalThis.gc?.();
  resident.push(process.memoryUsage.rss() / MIB);
  console.error(`repetition ${repetition + 1}: ${resident.at(-1)?.toFixed(0)} MiB resident`);
}
await executor.close();
const peak = process.resourceUsage().maxRSS / 1024;
const settled = resident.slice(Math.floor(resident.length / 2));
const measurement: MemoryMeasurement = {
  environment,
  resident,
  peak,
  growth: settled.length < 2 ? 0 : slope(settled),
};
console.log(formatEnvironment(environment));
console.log(memoryLines(measurement));
console.log(`written to ${writeResult("memory", measurement)}`);
