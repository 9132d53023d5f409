// braid_*: how blocks run in parallel. A block whose run is not kept any more is executed again to find out.

import type { StoredBlock } from "@braid/chain";
import type { BlockResult } from "@braid/executor";
import { invalidParams } from "@braid/rpc";
import { type BlockParallelism, parallelismOf } from "../parallelism/report.ts";
import { blockParam, findBlock } from "./block-tags.ts";
import { beforeBlock, executeAgain, type How } from "./execute-again.ts";
import { hexOf, type Json } from "./format.ts";
import { type MethodContext, type Methods, method } from "./method.ts";
import { looseQuantity, optional } from "./params.ts";

const DEFAULT_RUNS = 3n;
const MOST_RUNS = 20n;

/** A block that is too small for it runs in parallel too: that is what somebody wants to know. */
const PARALLEL: How = { mode: "parallel", force: true };

export const braidMethods: Methods = {
  braid_getBlockParallelism: method(
    [blockParam],
    async (context, param): Promise<BlockParallelism | null> => {
      const block = param === "pending" ? undefined : findBlock(context.node, param);
      if (block === undefined) return null;
      const kept = context.node.runOf(block.hash);
      if (kept !== undefined) return parallelismOf(block, kept, "kept");
      return parallelismOf(block, await again(context, block, PARALLEL), "again");
    },
  ),

  braid_compareBlock: method(
    [blockParam, optional(looseQuantity, DEFAULT_RUNS)],
    async (context, param, runs): Promise<Json | null> => {
      if (runs < 1n || runs > MOST_RUNS)
        throw invalidParams(`invalid argument 1: from 1 to ${MOST_RUNS} runs`);
      const block = param === "pending" ? undefined : findBlock(context.node, param);
      if (block === undefined) return null;
      const sequential: number[] = [];
      const parallel: number[] = [];
      // Both ways find the state in the cache, and their code compiled.
      await again(context, block, PARALLEL);
      for (let i = 0n; i < runs; i++) {
        const inOrder = await again(context, block, { mode: "sequential" });
        const atOnce = await again(context, block, PARALLEL);
        sequential.push(inOrder.statistics.phases.total);
        parallel.push(atOnce.statistics.phases.total);
      }
      const [one, all] = [median(sequential), median(parallel)];
      return {
        blockNumber: hexOf(block.number),
        runs: Number(runs),
        workers: context.node.again.workers,
        sequentialMs: one,
        parallelMs: all,
        speedup: all === 0 ? 1 : one / all,
      };
    },
  ),
};

async function again(context: MethodContext, block: StoredBlock, how: How): Promise<BlockResult> {
  return executeAgain(context, block, beforeBlock(context, block).state, how);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[sorted.length >> 1] ?? 0) + (sorted[(sorted.length - 1) >> 1] ?? 0)) / 2;
}
