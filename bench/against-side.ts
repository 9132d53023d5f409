// One side of bench:against, in a process of its own: runs the mainnet blocks with the executor of the checkout whose path it is given.
import { pathToFileURL } from "node:url";

interface Opened {
  /** Before there were chains a block's rules were its `common`. */
  block: { input: object; common?: object; chain?: object };
}

const [checkout = "", only = ""] = process.argv.slice(2);
const load = (path: string) => import(pathToFileURL(`${checkout}/${path}`).href);
// Another commit's modules: what they export is known when they run.
const { Executor } = await load("packages/executor/src/index.ts");
const { mainnetOrigins, newSource, openBlock } = await load("bench/blocks.ts");
const executor = new Executor({ workers: 2 });
const blocks: Opened[] = [];
for (const origin of await mainnetOrigins(only.split(",").filter(Boolean)))
  blocks.push(await openBlock(origin));

/** Milliseconds of each block. */
async function pass(options: object): Promise<number[]> {
  const times: number[] = [];
  for (const opened of blocks) {
    const { input: block, common, chain } = opened.block;
    const start = performance.now();
    await executor.executeBlock({ block, common, chain, source: newSource(opened), ...options });
    times.push(performance.now() - start);
  }
  return times;
}

process.on("message", async (options: object) => process.send?.(await pass(options)));
process.send?.([]);
