// What is told of a block in which everybody swaps on the same pool.

import { Executor } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { analyseBlock, findings, measureBlock, namesOf, renderReport, Simulator } from "@braid/profiler";
import { chainOf } from "@braid/protocol";
import { loadBlock } from "@braid/replay";
import { MemoryStateSource } from "@braid/state";
import { compiledContract, dependentSwaps, prepareState, sealBlocks } from "@braid/workloads";
import { expect, test } from "vitest";

const SWAPS = 48;

test("the report names the pool's reserves, and the speed-up on 16 cores without what serialises the block", async () => {
  const workload = await prepareState({ senders: SWAPS, pools: 1 });
  const bundle = await sealBlocks(workload, [dependentSwaps(workload, SWAPS)], "swaps");
  const [rlp] = bundle.blocks;
  if (rlp === undefined || bundle.state.kind === "witness")
    throw new Error("a workload is one block over a flat state");
  const { input: block, chain } = loadBlock(rlp, chainOf(bundle.chain));
  const source = MemoryStateSource.fromFlat({ ...bundle.state.pre, blockHashes: bundle.blockHashes });
  const executor = new Executor({ workers: 0 });
  const profile = await measureBlock(executor, { block, chain, source }, { runs: 3 });
  await executor.close();

  const [pool] = workload.market.pools;
  if (pool === undefined) throw new Error("no pool");
  const { storage, types } = compiledContract("Pool");
  const layouts = { [bytesToHex(pool.address)]: { contract: "Pool", storageLayout: { storage, types } } };
  const names = namesOf([profile], layouts);
  const analysis = analyseBlock(new Simulator(), profile, { names, at: 16 });
  const { ranking, scaling } = analysis;
  const reserves = ranking.groups.find(({ label }) => label.startsWith("Pool _reserve0, _reserve1"));
  expect(reserves?.readers).toHaveLength(SWAPS - 1);
  expect(reserves?.critical).toBe(true);
  expect(reserves?.additions).toBe(0);
  expect(scaling.critical.units.length).toBeGreaterThan(SWAPS / 2);
  expect(ranking.steps.map(({ label }) => label)).toContain(reserves?.label);
  // One after the other as it is; without all of it together, whatever each sender has for himself.
  expect(ranking.speedup).toBeLessThan(2);
  expect(ranking.steps.at(-1)?.speedup).toBeGreaterThan(2 * ranking.speedup);
  expect(findings(analysis).join("\n")).toContain("Pool _reserve0, _reserve1");
  const html = await renderReport([{ profile }], { title: "swaps", names });
  expect(html).toContain("Pool _reserve0, _reserve1");
});
