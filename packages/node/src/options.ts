// What a node is made with.

import type { GenesisFile } from "@braid/chain";
import type { ForkName } from "@braid/protocol";

import type { FundedAccount } from "./accounts/dev-accounts.ts";

import type { ForkOptions } from "./fork/fork.ts";
import type { NodeLimits } from "./limits.ts";
import type { PoolLimits } from "./pool/mempool.ts";

/** Milliseconds, or the least and the most of them. */
export type MiningInterval = number | readonly [least: number, most: number];

export interface MiningOptions {
  /** A block for each transaction that comes in. Default: yes, unless there is an interval. */
  auto?: boolean;
  /** Milliseconds between blocks, or the least and the most of them; 0 or undefined: none. */
  interval?: MiningInterval;
  /** What comes first into a block: who pays most, or who came first. Default "priority". */
  order?: "priority" | "fifo";
}

/** How the network is that Hardhat itself brings along. */
export interface HardhatOptions {
  /** A transaction that fails when it is mined at once rejects with what it failed at, after it was mined. Default true. */
  throwOnTransactionFailures?: boolean;
  /** Default true; else a failed call answers what it returned. */
  throwOnCallFailures?: boolean;
  /** Gas that a transaction may have at most; false: as much as a block. Default: what the fork says. */
  transactionGasCap?: bigint | false;
  /** Gas of a transaction or a call that does not say how much, where there is no cap. Default: as much as a block. */
  defaultGas?: bigint;
  /** What is enough gas: that the transaction succeeds, or (default) that besides no call inside of it runs out of gas. */
  gasEstimationMode?: "topLevelSuccess" | "noInternalOutOfGas";
  /** Contracts and their init codes may have any size (without EIP-170 and EIP-3860's limit). */
  unlimitedContractSize?: boolean;
  /** A block may have its parent's timestamp. */
  sameTimestamps?: boolean;
  /** When it was the first block's time, in milliseconds since 1970. Default: now. */
  startedAt?: number;
  /** Wei per gas that a transaction must pay to be mined. Default 0. */
  minGasPrice?: bigint;
}

export interface NodeOptions {
  /** A geth genesis file: another chain than the development chain. */
  genesis?: GenesisFile;
  /** The chain goes on from a block of another node; it is kept in memory. `genesis` then describes that node's chain, when Braid does not know it. */
  fork?: ForkOptions;
  /** Default 31337; of a forked chain the other node's. */
  chainId?: number;
  /** What net_version answers. Default: the chain's id. */
  networkId?: number;
  /** The rules of the development chain from its first block on. Default "osaka"; of a forked chain the block's own, and those to come. */
  hardfork?: ForkName;
  /** Default: test test test test test test test test test test test junk. */
  mnemonic?: string;
  derivationPath?: string;
  passphrase?: string;
  /** Accounts with ether, whose keys the node has: so many of the mnemonic's (default 10), or these. */
  accounts?: number | readonly FundedAccount[];
  /** Ether of each of the mnemonic's accounts in the first block. Default 10,000. */
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
  /** As Hardhat's own network: the same first block, errors in its words, its rules of what is estimated and thrown. */
  hardhat?: HardhatOptions;
  /** A folder in which everything is kept. Default: memory. */
  dataDir?: string;
  /** Worker threads; default: one for each core. */
  workers?: number;
  /** The name of the engine that runs blocks and calls, one of the executor's ENGINE_NAMES; default: `wasm`. */
  engine?: string;
  limits?: Partial<NodeLimits>;
}
