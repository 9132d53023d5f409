// How a block ran in parallel, and how far it could: what braid_getBlockParallelism answers.

import type { StoredBlock } from "@braid/chain";
import type { BlockResult, Statistics } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { type Conflict, findDependencies } from "./dependencies.ts";

const hexOf = (value: bigint): Hex => `0x${value.toString(16)}`;

/** More than anybody looks at. */
const MOST_CONFLICTS = 100;

/** Times in milliseconds, transactions by their index in the block. */
export interface BlockParallelism {
  blockHash: Hex;
  blockNumber: Hex;
  transactionCount: number;
  gasUsed: Hex;
  /** "kept": as it was mined or imported. "again": it was executed again to find out. */
  run: "kept" | "again";
  /** "sequential" for a block that was too small to gain from more than one thread. */
  mode: Statistics["mode"];
  workers: number;
  /** Of transactions and of what comes before and after them, those in vain included. */
  executions: number;
  /** Executions besides each one's first. */
  reexecutions: number;
  /** Executions that had read what somebody before them then wrote, and by what they had read first. */
  aborts: number;
  abortCauses: Statistics["abortCauses"];
  /** Executions that stopped to wait for somebody before them. */
  suspensions: number;
  /** Why the block ran in order from some transaction on; null when it did not. */
  fallback: { reason: string; at: number; message: string } | null;
  milliseconds: Statistics["phases"];
  perWorker: Statistics["workerPhases"];
  /** How many times as fast as one after the other: as the threads were busy with what counted, and at best, by the gas of the longest chain. */
  speedup: { achieved: number; possible: number };
  /** The transactions that had to run one after the other, whatever the number of threads. */
  longestChain: { gasUsed: Hex; transactions: number[] };
  transactions: { hash: Hex; gasUsed: Hex; executions: number; dependsOn: number[] }[];
  /** Where transactions waited for each other; what held up the most gas comes first. */
  conflicts: Conflict[];
}

export function parallelismOf(
  block: StoredBlock,
  result: BlockResult,
  run: BlockParallelism["run"],
): BlockParallelism {
  const { statistics, transactions, gasUsed } = result;
  const { fallback } = statistics;
  const { dependsOn, longest, longestGas, conflicts } = findDependencies(transactions);
  // Of the transactions alone: a block's gas may count refunds otherwise.
  const gas = transactions.reduce((sum, transaction) => sum + transaction.gasUsed, 0n);
  return {
    blockHash: bytesToHex(block.hash),
    blockNumber: hexOf(block.number),
    transactionCount: transactions.length,
    gasUsed: hexOf(gasUsed),
    run,
    mode: statistics.mode,
    workers: statistics.workers,
    executions: statistics.executions,
    reexecutions: statistics.reexecutions,
    aborts: statistics.aborts,
    abortCauses: statistics.abortCauses,
    suspensions: statistics.suspensions,
    fallback:
      fallback === undefined ? null : { reason: fallback.reason, at: fallback.at, message: fallback.message },
    milliseconds: statistics.phases,
    perWorker: statistics.workerPhases,
    speedup: {
      achieved: achieved(statistics, transactions.length),
      possible: longestGas === 0n ? 1 : rounded(Number((1_000n * gas) / longestGas) / 1_000),
    },
    longestChain: { gasUsed: hexOf(longestGas), transactions: longest },
    transactions: transactions.map((transaction, i) => ({
      hash: bytesToHex(block.transactionHashes[i] as Uint8Array),
      gasUsed: hexOf(transaction.gasUsed),
      executions: transaction.executions,
      dependsOn: dependsOn[i] as number[],
    })),
    conflicts: conflicts.slice(0, MOST_CONFLICTS),
  };
}

/** The time for one execution of each, as far as it can be told from all of them, over the time that the run took. */
function achieved({ workerPhases, executions, misses, phases }: Statistics, count: number): number {
  const busy = workerPhases.reduce((sum, { recover, execute }) => sum + recover + execute, 0);
  const counted = Math.min(1, (count + 2) / Math.max(1, executions - misses));
  return phases.run === 0 ? 1 : rounded((busy * counted) / phases.run);
}

function rounded(value: number): number {
  return Math.round(1_000 * value) / 1_000;
}
