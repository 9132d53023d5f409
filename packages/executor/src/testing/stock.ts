// For tests: the oracle, stock @ethereumjs/vm over MerkleStateManager (with one of its errors put right).

import { bigIntToBytes32, bytesToHex } from "@braid/primitives";
import { encodeHeader } from "@braid/protocol";
import { Block, createBlockHeader, createBlockHeaderFromRLP } from "@ethereumjs/block";
import { Caches, MerkleStateManager } from "@ethereumjs/statemanager";
import { createTxFromRLP } from "@ethereumjs/tx";
import { Account, Address, createWithdrawal } from "@ethereumjs/util";
import { createVM, type RunBlockResult, runBlock, type VM } from "@ethereumjs/vm";
import type { TestBlock } from "./block-builder.ts";

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

async function stateOf({ common, pre }: TestBlock): Promise<MerkleStateManager> {
  const state = new CorrectedStateManager({ common, caches: new Caches() });
  const codes = new Map(pre.codes.map(([hash, code]) => [bytesToHex(hash), code]));
  for (const { address: bytes, account, storage } of pre.accounts) {
    if (account === undefined) continue;
    const address = new Address(bytes);
    await state.putAccount(address, new Account(account.nonce, account.balance));
    const code = codes.get(bytesToHex(account.codeHash));
    if (code !== undefined) await state.putCode(address, code);
    for (const [slot, value] of storage)
      if (value !== 0n) await state.putStorage(address, slot, trimmed(value));
  }
  await state.flush();
  return state;
}

/** Storage values go into the trie without leading zeros. */
function trimmed(value: bigint): Uint8Array {
  const bytes = bigIntToBytes32(value);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

function stockBlock({ common, input, signers }: TestBlock): Block {
  const options = { common, skipConsensusFormatValidation: true };
  const transactions = input.transactions.map((raw, i) => {
    const tx = createTxFromRLP(raw, { common, freeze: false });
    // Recovery in JavaScript takes a millisecond each; who signed is known.
    tx.cache.senderPubKey = signers[i]?.publicKey ?? new Uint8Array(64);
    return tx;
  });
  const withdrawals = input.withdrawals?.map(({ address, ...rest }) =>
    createWithdrawal({ ...rest, address: new Address(address) }),
  );
  const header = createBlockHeaderFromRLP(encodeHeader(input.header), options);
  const block = new Block(header, transactions, [], withdrawals, { ...options, freeze: false });
  // The constructor would check uncles as whole headers; rewards need the coinbase and the number.
  const uncleHeaders = input.uncles.map(({ coinbase, number }) =>
    createBlockHeader({ coinbase: new Address(coinbase), number, gasLimit: 5_000n }, options),
  );
  return Object.assign(block, { uncleHeaders });
}

/** Runs the block on stock ethereumjs. Throws what it throws. `watch` gets the VM before it begins, for those who listen to its events. */
export async function runStock(block: TestBlock, watch?: (vm: VM) => void): Promise<RunBlockResult> {
  const blockchain = {
    getBlock: async (number: number) => {
      const hash = block.blockHashes.get(BigInt(number));
      if (hash === undefined) throw new Error(`no hash of block ${number}`);
      return { hash: () => hash };
    },
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  };
  const vm = await createVM({
    common: block.common,
    stateManager: await stateOf(block),
    blockchain,
    setHardfork: false,
  });
  watch?.(vm);
  return runBlock(vm, { block: stockBlock(block), generate: true, skipBlockValidation: true });
}
