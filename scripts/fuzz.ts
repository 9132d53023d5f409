// `pnpm fuzz [--seconds 60] [--seed 1]`: random blocks on both engines, one after the other, until the time is up. A block on which they differ is shrunk
// and shown, and ends the run with exit code 1. What the last line says can be had again by the seeds that it names.

import { parseArgs } from "node:util";
import { fuzzCase } from "../packages/executor/src/testing/fuzz-case.ts";
import { describeCase, EngineFuzzer } from "../packages/executor/src/testing/fuzz-engines.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
});
const end = performance.now() + 1_000 * Number(values.seconds);
const first = Number(values.seed);
const fuzzer = new EngineFuzzer();
let seed = first;
let transactions = 0;
let unsupported = 0;
for (; performance.now() < end; seed++) {
  const one = fuzzCase(seed);
  const verdict = await fuzzer.run(one);
  transactions += one.transactions.length;
  // The block's first and last unit never are the engine's.
  unsupported += verdict.unsupported - 2;
  if (verdict.difference === undefined) continue;
  const smallest = await fuzzer.shrink(one);
  const { difference } = await fuzzer.run(smallest);
  console.error(describeCase(smallest));
  console.error(`transaction ${difference?.transaction}`);
  console.error(`  ethereumjs: ${difference?.ethereumjs}`);
  console.error(`  wasm:       ${difference?.wasm}`);
  process.exitCode = 1;
  break;
}
await fuzzer.close();
console.log(
  `seeds ${first} to ${seed - 1}: ${transactions} transactions, ${unsupported} of them left to the ethereumjs engine${process.exitCode === 1 ? "; the engines differ" : ""}`,
);
