// A VM of stock ethereumjs over a state, with the hashes that BLOCKHASH asks for.
import type { MerkleStateManager } from "@ethereumjs/statemanager";
import { createVM, type VM } from "@ethereumjs/vm";

/** @param blockHashes may grow later; what is not in it when it is asked for is an error. */
export function stockVm(
  stateManager: MerkleStateManager,
  blockHashes: ReadonlyMap<bigint, Uint8Array>,
): Promise<VM> {
  const blockchain = {
    getBlock: async (number: number) => {
      const hash = blockHashes.get(BigInt(number));
      if (hash === undefined) throw new Error(`The hash of block ${number} is not known.`);
      return { hash: () => hash };
    },
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  };
  return createVM({ common: stateManager.common, stateManager, blockchain, setHardfork: false });
}
