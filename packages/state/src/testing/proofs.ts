// For tests: a state's root and proofs against @ethereumjs/mpt.
import { bytesToHex } from "@braid/primitives";
import { createMerkleProof, type MerklePatriciaTrie, verifyMerkleProof } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { expect } from "vitest";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "../constants.ts";
import type { KeptState } from "../store/state-store.ts";
import { accountTrie, type Model, storageTrie } from "./model.ts";

/** Fails unless the state has the model's root, and proves every address and slot, there or not, as the oracle does. */
export async function checkProofs(
  state: KeptState,
  model: Model,
  addresses: readonly Uint8Array[],
  slots: readonly Uint8Array[],
): Promise<void> {
  const accounts = await accountTrie(model);
  expect(bytesToHex(state.stateRoot)).toBe(bytesToHex(accounts.root()));
  for (const address of addresses) {
    const proof = state.prove(address, slots);
    const account = model.get(bytesToHex(address));
    await checkProof(accounts, address, proof.accountProof);
    const storage = account && (await storageTrie(account));
    expect(proof).toMatchObject({
      nonce: account?.nonce ?? 0n,
      balance: account?.balance ?? 0n,
      codeHash: account?.codeHash ?? EMPTY_CODE_HASH,
      storageRoot: storage?.root() ?? EMPTY_TRIE_ROOT,
    });
    for (const [i, slot] of slots.entries()) {
      const found = proof.storageProof[i];
      expect(found?.value).toBe(account?.storage.get(bytesToHex(slot)) ?? 0n);
      if (storage === undefined) expect(found?.proof).toEqual([]);
      else await checkProof(storage, slot, found?.proof ?? []);
    }
  }
}

async function checkProof(trie: MerklePatriciaTrie, key: Uint8Array, proof: Uint8Array[]): Promise<void> {
  // The oracle lists embedded nodes too, which lie in their parents.
  const expected = (await createMerkleProof(trie, key)).filter((node, i) => i === 0 || node.length >= 32);
  expect(proof.map(bytesToHex)).toEqual(expected.map(bytesToHex));
  if (proof.length === 0) return;
  const proven = await verifyMerkleProof(key, proof, { useKeyHashing: true, root: trie.root() });
  expect(proven).toEqual(await trie.get(key));
  const value = await trie.get(key);
  if (value !== null) expect(RLP.decode(value)).toBeDefined();
}
