// A block as the chain keeps it, and what its execution left behind.

import { type Block, type Header, hashTransaction, type Log, type Receipt } from "@braid/protocol";

export class StoredBlock {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly block: Block;
  /** Bytes of its encoding. */
  readonly size: number;
  #transactionHashes: readonly Uint8Array[] | undefined;

  /** @param transactionHashes where they are known. */
  constructor(hash: Uint8Array, block: Block, size: number, transactionHashes?: readonly Uint8Array[]) {
    this.hash = hash;
    this.block = block;
    this.size = size;
    this.#transactionHashes = transactionHashes;
  }

  get header(): Header {
    return this.block.header;
  }

  get number(): bigint {
    return this.block.header.number;
  }

  /** In the block's order, computed when somebody asks. */
  get transactionHashes(): readonly Uint8Array[] {
    this.#transactionHashes ??= this.block.transactions.map(hashTransaction);
    return this.#transactionHashes;
  }
}

/** What executing a block left behind, transaction by transaction. */
export interface BlockReceipts {
  readonly receipts: readonly Receipt[];
  /** 20 bytes each. */
  readonly senders: readonly Uint8Array[];
}

/** Where a transaction of the canonical chain is. */
export interface TransactionPlace {
  blockNumber: bigint;
  index: number;
}

/** A log with its place in the chain. */
export interface FoundLog {
  log: Log;
  block: StoredBlock;
  transactionIndex: number;
  /** Its place among the logs of the block. */
  logIndex: number;
}
