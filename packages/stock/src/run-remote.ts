// A block on stock @ethereumjs/vm over a node that is asked for each value when it is needed: what there is without Braid.
import type { Block, Chain, ForkName } from "@braid/protocol";
import { RPCBlockChain, RPCStateManager } from "@ethereumjs/statemanager";
import { createVM, type RunBlockResult, runBlock } from "@ethereumjs/vm";
import { stockBlock } from "./stock-block.ts";
import { stockCommon } from "./stock-common.ts";

/** Runs the block on the state before it. Throws what ethereumjs throws. */
export async function runRemote(
  url: string,
  { chain, fork, input }: { chain: Chain; fork: ForkName; input: Block },
): Promise<RunBlockResult> {
  const common = await stockCommon(chain, fork);
  const blockTag = input.header.number - 1n;
  const stateManager = new RPCStateManager({ provider: url, blockTag, common });
  const ancestors = new RPCBlockChain(url);
  const blockchain = {
    getBlock: (number: number) => ancestors.getBlock(number),
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  };
  const vm = await createVM({ common, stateManager, blockchain, setHardfork: false });
  return runBlock(vm, { block: stockBlock(common, input), generate: true, skipBlockValidation: true });
}
