// The first step of a block's way: what the workers need to know of it, in the form they need it.

import { type Block, blobBaseFee, type Chain, type ChainSpec, type ForkName } from "@braid/protocol";
import type { BlockContext } from "./block-context.ts";

/** What an engine makes its rules of. */
export interface ChainSetup {
  spec: Readonly<ChainSpec>;
  fork: ForkName;
  /** Equal for equal rules: chains of the same name and id can differ in them. */
  key: string;
  /** From Cancun on: the point evaluation precompile needs a KZG set-up. */
  hasBlobs: boolean;
}

/** A block as its workers get it. */
export interface PreparedBlock {
  context: BlockContext;
  chain: ChainSetup;
}

/** Lays the block out for the workers. */
export function prepareBlock(block: Block, chain: Chain, contractSenders = false): PreparedBlock {
  const { header } = block;
  const rules = chain.rulesAt(header);
  return {
    chain: { spec: chain.spec, fork: rules.fork, key: `${rules.fork}/${chain.key}`, hasBlobs: rules.eip4844 },
    context: {
      rules,
      number: header.number,
      timestamp: header.timestamp,
      coinbase: header.coinbase,
      difficulty: header.difficulty,
      mixHash: header.mixHash,
      gasLimit: header.gasLimit,
      baseFeePerGas: header.baseFeePerGas,
      blobGasPrice: rules.eip4844 ? blobBaseFee(header.excessBlobGas ?? 0n, rules) : undefined,
      slotNumber: header.slotNumber,
      parentHash: header.parentHash,
      parentBeaconBlockRoot: header.parentBeaconBlockRoot,
      uncles: block.uncles.map(({ number, coinbase }) => ({ number, coinbase })),
      withdrawals: block.withdrawals ?? [],
      daoFork: rules.daoForkBlock === header.number,
      contractSenders,
    },
  };
}
