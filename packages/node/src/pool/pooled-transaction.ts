// A transaction as the pool keeps it.

import type { Hex } from "@braid/primitives";
import type { Transaction } from "@braid/protocol";
import type { BlobSidecar } from "./blob-sidecar.ts";

export interface PooledTransaction {
  /** As it stands in a block: without its blobs. */
  readonly raw: Uint8Array;
  readonly hash: Uint8Array;
  /** The hash as a key of maps. */
  readonly key: Hex;
  readonly tx: Transaction;
  /** 20 bytes. */
  readonly sender: Uint8Array;
  /** The sender as a key of maps. */
  readonly from: Hex;
  /** What it can cost at most, in wei. */
  readonly cost: bigint;
  /** Blobs, commitments and proofs. */
  readonly sidecar?: BlobSidecar;
  /** Grows from one to the next. */
  readonly arrival: number;
}

/** The most that a transaction takes of its sender's balance. */
export function maxCost(tx: Transaction, blobGasPerBlob: bigint): bigint {
  const blobGas = BigInt(tx.blobVersionedHashes.length) * blobGasPerBlob;
  return tx.gasLimit * tx.maxFeePerGas + blobGas * tx.maxFeePerBlobGas + tx.value;
}

/** What the builder of a block gets of each unit of gas, in wei; negative when the transaction does not pay the base fee. */
export function effectiveTip({ maxFeePerGas, maxPriorityFeePerGas }: Transaction, baseFee: bigint): bigint {
  const room = maxFeePerGas - baseFee;
  return maxPriorityFeePerGas < room ? maxPriorityFeePerGas : room;
}
