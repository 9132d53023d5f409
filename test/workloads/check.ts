// Whether Braid comes to what stock ethereumjs came to: a workload's blocks on 1 to 8 workers, against the headers that stock sealed.
import type { Executor } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { chainOf } from "@braid/protocol";
import { loadBlock, openParentState, verifyBlock } from "@braid/replay";
import { makeWorkload, mixOf, WORKLOAD_DEFAULTS } from "@braid/workloads";

/** Zipf's exponents: all alike, as it mostly is, and nearly everything at one place. The blocks take them in turn. */
export const CONTENTION = [0, 1, 2.5] as const;

export const WORKERS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

export interface WorkloadSize {
  users: number;
  things: number;
  /** Of each block; there is one for each level of contention. */
  transactions: number;
}

export interface Checked {
  transactions: number;
  failed: number;
  /** What does not fit, in words. */
  differences: string[];
}

/** Makes a workload and executes it; an executor for each number of workers, whose hints learn from block to block. */
export async function checkWorkload(
  name: string,
  { users, things, transactions }: WorkloadSize,
  executors: readonly Executor[],
  engine?: string,
): Promise<Checked> {
  const checked: Checked = { transactions: 0, failed: 0, differences: [] };
  const bundle = await makeWorkload({
    ...WORKLOAD_DEFAULTS,
    seed: `check/${name}`,
    mix: mixOf([name]),
    users,
    things,
    transactions: [transactions, transactions],
    blocks: CONTENTION.length,
    contention: CONTENTION,
    accessLists: { right: 10, partlyWrong: 5, useless: 5 },
    chains: { share: 8, length: 4 },
    reverts: 5,
    outOfGas: 4,
    onBlock: ({ outcomes }) => {
      checked.transactions += outcomes.length;
      checked.failed += outcomes.filter(({ succeeded }) => !succeeded).length;
    },
  });
  const chain = chainOf(bundle.chain);
  const { state: parentState } = bundle;
  if (parentState.kind === "witness") throw new Error("a workload brings its whole state");
  const blocks = bundle.blocks.map((rlp) => loadBlock(rlp, chain));
  const state = openParentState({
    path: name,
    chain,
    blocks,
    blockHashes: bundle.blockHashes,
    parentState,
  });
  for (const block of blocks) {
    for (const executor of executors) {
      const { source, rootAfter } = state.open();
      const input = { block: block.input, chain, source, engine, force: true, mode: "parallel" } as const;
      const result = await executor.executeBlock(input);
      const { differences, checked: fields } = verifyBlock(block, result, rootAfter?.(result.stateChanges));
      if (!fields.includes("stateRoot")) throw new Error("the state root was not checked");
      for (const { field, expected, actual } of differences)
        checked.differences.push(
          `block ${block.number} (${bytesToHex(block.hash)}), ${executor.workers} workers: ${field} is ${actual}, not ${expected}`,
        );
      if (executor === executors.at(-1)) await state.advance(block, result.stateChanges);
    }
  }
  return checked;
}
