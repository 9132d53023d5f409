// What a node is made with.

import type { GenesisFile } from "@braid/chain";
import type { ForkName } from "@braid/protocol";
import type { ForkOptions } from "./fork/fork.ts";
import type { PoolLimits } from "./pool/mempool.ts";

export interface MiningOptions {
  /** A block for each transaction that comes in. Default: yes, unless there is an interval. */
  auto?: boolean;
  /** Milliseconds between blocks; 0 or undefined: none. */
  interval?: number;
  /** What comes first into a block: who pays most, or who came first. Default "priority". */
  order?: "priority" | "fifo";
}

export interface NodeOptions {
  /** A geth genesis file: another chain than the development chain. */
  genesis?: GenesisFile;
  /** The chain goes on from a block of another node; it is kept in memory. `genesis` then describes that node's chain, when Braid does not know it. */
  fork?: ForkOptions;
  /** Default 31337; of a forked chain the other node's. */
  chainId?: number;
  /** The rules of the development chain from its first block on. Default "osaka"; of a forked chain the block's own, and those to come. */
  hardfork?: ForkName;
  /** Default: test test test test test test test test test test test junk. */
  mnemonic?: string;
  derivationPath?: string;
  passphrase?: string;
  /** Accounts with ether, whose keys the node has. Default 10. */
  accounts?: number;
  /** Ether of each account in the first block. Default 10,000. */
  balance?: bigint;
  /** Of a block. Default 60,000,000. */
  gasLimit?: bigint;
  /** Of the first block, in wei. Default 1 gwei. */
  baseFee?: bigint;
  /** Seconds; of the first block. Default: now. */
  timestamp?: bigint;
  /** Who gets the fees: 20 bytes. */
  coinbase?: Uint8Array;
  mining?: MiningOptions;
  pool?: Partial<PoolLimits>;
  /** A folder in which everything is kept. Default: memory. */
  dataDir?: string;
  /** Worker threads; default: one for each core. */
  workers?: number;
  /** Gas that a call may take. Default 50,000,000. */
  callGasLimit?: bigint;
}
