// What every worker needs to know of a block, as plain data that crosses to a worker once.

import type { ForkRules, Header, Withdrawal } from "@braid/protocol";

export interface BlockContext {
  rules: ForkRules;
  number: bigint;
  timestamp: bigint;
  coinbase: Uint8Array;
  difficulty: bigint;
  /** prevRandao from the Merge on, before that the proof of work's mix hash. */
  mixHash: Uint8Array;
  gasLimit: bigint;
  baseFeePerGas: bigint | undefined;
  /** Wei per blob gas, from Cancun on. */
  blobGasPrice: bigint | undefined;
  /** EIP-7843, from Amsterdam on. */
  slotNumber: bigint | undefined;
  parentHash: Uint8Array;
  parentBeaconBlockRoot: Uint8Array | undefined;
  /** As far as they are rewarded. */
  uncles: readonly Pick<Header, "number" | "coinbase">[];
  withdrawals: readonly Withdrawal[];
  /** The DAO fork's balance moves come before this block's transactions. */
  daoFork: boolean;
  /** Contracts may send transactions: EIP-3607 does not hold. */
  contractSenders: boolean;
}
