// The first step of a block's way: what the workers need to know of it, in the form they need it.

import { type ChainConfig, type Common, Hardfork } from "@ethereumjs/common";
import { type ForkRules, forkRules } from "../transaction/fork-rules.ts";
import type { BlockContext } from "./block-context.ts";
import type { BlockInput } from "./block-input.ts";

/** Rebuilds a Common in a worker: chain, hardfork and extra EIPs. */
export interface ChainSetup {
  chain: ChainConfig;
  hardfork: string;
  eips: number[];
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

/** Lays the block out for the workers. `common` is set to the block's hardfork. */
export function prepareBlock(block: BlockInput, common: Common): PreparedBlock {
  const { header } = block;
  const rules = forkRules(header.common);
  return {
    chain: chainSetup(common, rules),
    context: {
      rules,
      number: header.number,
      timestamp: header.timestamp,
      coinbase: header.coinbase.bytes,
      difficulty: header.difficulty,
      mixHash: header.mixHash,
      gasLimit: header.gasLimit,
      baseFeePerGas: rules.eip1559 ? header.baseFeePerGas : undefined,
      blobGasPrice: rules.eip4844 ? header.getBlobGasPrice() : undefined,
      slotNumber: header.slotNumber,
      parentHash: header.parentHash,
      parentBeaconBlockRoot: header.parentBeaconBlockRoot,
      uncles: block.uncles,
      withdrawals: rules.eip4895 ? (block.withdrawals ?? []) : [],
      daoFork: isDaoForkBlock(common, header.number),
    },
  };
}

const chainKeys = new WeakMap<ChainConfig, string>();

function chainSetup(common: Common, rules: ForkRules): ChainSetup {
  const chain = common["_chainParams"];
  let rulesOfChain = chainKeys.get(chain);
  if (rulesOfChain === undefined) {
    const { hardforks, customHardforks } = chain;
    rulesOfChain = JSON.stringify(
      [String(chain.chainId), hardforks, customHardforks],
      (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value),
    );
    chainKeys.set(chain, rulesOfChain);
  }
  const key = `${common.hardfork()}/${common["_eips"].join()}/${rulesOfChain}`;
  return { chain, hardfork: common.hardfork(), eips: common["_eips"], key, hasBlobs: rules.eip4844 };
}

/** EIP-779: only chains that took part in it move the ether. */
function isDaoForkBlock(common: Common, number: bigint): boolean {
  return common.hardforkBlock(Hardfork.Dao) === number && common.chainId() === 1n;
}
