// The oracle of tests: one block on stock @ethereumjs/vm, with one of its errors put right.
import type { Block, Chain, ForkName } from "@braid/protocol";
import type { FlatPreState } from "@braid/state";
import { Caches, MerkleStateManager } from "@ethereumjs/statemanager";
import type { Address } from "@ethereumjs/util";
import { type RunBlockResult, runBlock, type VM } from "@ethereumjs/vm";
import { stockBlock } from "./stock-block.ts";
import { stockCommon } from "./stock-common.ts";
import { fillState } from "./stock-state.ts";
import { stockVm } from "./stock-vm.ts";

/** A block and all that its execution depends on. */
export interface StockInput {
  chain: Chain;
  /** That of the block. */
  fork: ForkName;
  input: Block;
  pre: FlatPreState;
  blockHashes: ReadonlyMap<bigint, Uint8Array>;
  /** Who signed transaction i (64-byte public keys): their recovery in JavaScript takes a millisecond each. */
  signers?: readonly { publicKey: Uint8Array }[];
}

/**
 * MerkleStateManager 10.1.3 keeps the storage trie of an account that it deletes: ether that is sent to the address later in the block
 * brings an account with all the old storage. Here a deleted account's storage is gone, as the Yellow Paper has it.
 */
class CorrectedStateManager extends MerkleStateManager {
  override async deleteAccount(address: Address): Promise<void> {
    await this.clearStorage(address);
    await super.deleteAccount(address);
  }
}

/** A VM on the state before the block, by the rules of its fork. */
export async function openVm({
  chain,
  fork,
  pre,
  blockHashes,
}: Pick<StockInput, "chain" | "fork" | "pre" | "blockHashes">): Promise<VM> {
  const common = await stockCommon(chain, fork);
  const state = new CorrectedStateManager({ common, caches: new Caches() });
  await fillState(state, pre);
  return stockVm(state, blockHashes);
}

/** Runs the block. Throws what ethereumjs throws. `watch` gets the VM before it begins, for those who listen to its events. */
export async function runOnce(block: StockInput, watch?: (vm: VM) => void): Promise<RunBlockResult> {
  const vm = await openVm(block);
  watch?.(vm);
  const stock = stockBlock(vm.common, block.input);
  const { signers } = block;
  if (signers !== undefined)
    for (const [i, tx] of stock.transactions.entries())
      tx.cache.senderPubKey = signers[i]?.publicKey ?? new Uint8Array(64);
  return runBlock(vm, { block: stock, generate: true, skipBlockValidation: true });
}
