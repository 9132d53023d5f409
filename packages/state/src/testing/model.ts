// For tests: a state as plain maps, said as simply as possible, and its root by @ethereumjs/mpt.
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { createMPT, type MerklePatriciaTrie } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { EMPTY_CODE_HASH } from "../constants.ts";
import type { StateChangesParts } from "../state-changes.ts";
import type { StateSource } from "../state-source.ts";
import { ADDRESSES, addressOf, SLOTS, slotOf } from "./arbitrary-changes.ts";

export interface ModelAccount {
  nonce: bigint;
  balance: bigint;
  codeHash: Uint8Array;
  storage: ReadonlyMap<Hex, bigint>;
}

export type Model = ReadonlyMap<Hex, ModelAccount>;

/** The state after changes; the given one stays as it was. */
export function modelAfter(before: Model, { accounts }: Pick<StateChangesParts, "accounts">): Model {
  const model = new Map(before);
  for (const [at, change] of accounts) {
    if (change.deleted) {
      model.delete(at);
      continue;
    }
    const isCreated =
      change.nonce !== undefined || change.balance !== undefined || change.codeHash !== undefined;
    const isFilled = [...change.storage.values()].some((value) => value !== 0n);
    if (!model.has(at) && !isCreated && !isFilled) continue;
    const old = model.get(at) ?? { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH, storage: new Map() };
    const storage = new Map(change.storageReset ? [] : old.storage);
    for (const [slot, value] of change.storage) storage.set(slot, value);
    for (const [slot, value] of storage) if (value === 0n) storage.delete(slot);
    const { nonce = old.nonce, balance = old.balance, codeHash = old.codeHash } = change;
    model.set(at, { nonce, balance, codeHash, storage });
  }
  return model;
}

export async function storageTrie({ storage }: ModelAccount): Promise<MerklePatriciaTrie> {
  const trie = await createMPT({ useKeyHashing: true });
  for (const [slot, value] of storage) await trie.put(hexToBytes(slot), RLP.encode(value));
  return trie;
}

export async function accountTrie(model: Model): Promise<MerklePatriciaTrie> {
  const trie = await createMPT({ useKeyHashing: true });
  for (const [at, account] of model) {
    const { nonce, balance, codeHash } = account;
    const storage = await storageTrie(account);
    await trie.put(hexToBytes(at), RLP.encode([nonce, balance, storage.root(), codeHash]));
  }
  return trie;
}

/** What a source says about everything that random changes can touch. */
export async function readAll(source: StateSource): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (let n = 1; n <= ADDRESSES; n++) {
    answers[n] = await source.getAccount(addressOf(n));
    for (let s = 0; s < SLOTS; s++) answers[`${n} ${s}`] = await source.getStorage(addressOf(n), slotOf(s));
  }
  return answers;
}

/** What a source of the model's state has to say. */
export function modelAnswers(model: Model): Record<string, unknown> {
  const answers: Record<string, unknown> = {};
  for (let n = 1; n <= ADDRESSES; n++) {
    const account = model.get(bytesToHex(addressOf(n)));
    const { nonce, balance, codeHash, storage } = account ?? { storage: new Map<Hex, bigint>() };
    answers[n] = account && { nonce, balance, codeHash, hasStorage: storage.size > 0 };
    for (let s = 0; s < SLOTS; s++) answers[`${n} ${s}`] = storage.get(bytesToHex(slotOf(s))) ?? 0n;
  }
  return answers;
}
