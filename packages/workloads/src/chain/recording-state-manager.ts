// The stock state manager, which also remembers what it was asked to write: a trie of hashed keys cannot be listed.
import { bytesToBigInt, bytesToHex, equalBytes, type Hex, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT, type FlatPreState } from "@braid/state";
import type { Common } from "@ethereumjs/common";
import { Caches, MerkleStateManager } from "@ethereumjs/statemanager";
import {
  type Account,
  type Address,
  createAccount,
  createAddressFromString,
  unpadBytes,
} from "@ethereumjs/util";
import { word } from "../contracts/abi.ts";

export class RecordingStateManager extends MerkleStateManager {
  readonly #written = new Map<Hex, Set<Hex>>();

  constructor(common: Common) {
    super({ common, caches: new Caches() });
  }

  override async putAccount(address: Address, account: Account | undefined): Promise<void> {
    this.#slotsOf(address);
    await super.putAccount(address, account);
  }

  override async putStorage(address: Address, slot: Uint8Array, value: Uint8Array): Promise<void> {
    this.#slotsOf(address).add(bytesToHex(slot));
    await super.putStorage(address, slot, value);
  }

  /** Writes a whole state; the state manager must be empty. Returns the state root. */
  async load(state: FlatPreState): Promise<Uint8Array> {
    const codes = new Map(state.codes.map(([hash, code]) => [bytesToHex(hash), code]));
    await this.checkpoint();
    for (const { address: bytes, account, storage } of state.accounts) {
      if (account === undefined) continue;
      const address = createAddressFromString(bytesToHex(bytes));
      await this.putAccount(address, createAccount({ nonce: account.nonce, balance: account.balance }));
      const code = codes.get(bytesToHex(account.codeHash));
      if (code !== undefined) await this.putCode(address, code);
      for (const [slot, value] of storage) await this.putStorage(address, slot, unpadBytes(word(value)));
    }
    await this.commit();
    return this.getStateRoot();
  }

  /** Everything that exists now, in the order in which it was first written. */
  async dump(): Promise<FlatPreState> {
    const state: FlatPreState = { accounts: [], codes: [] };
    const knownCodes = new Set<Hex>();
    for (const [hex, slots] of this.#written) {
      const address = createAddressFromString(hex);
      const account = await this.getAccount(address);
      if (account === undefined) continue;
      const { nonce, balance, codeHash } = account;
      const storage: [Uint8Array, bigint][] = [];
      for (const slot of slots) {
        const value = bytesToBigInt(await this.getStorage(address, hexToBytes(slot)));
        if (value !== 0n) storage.push([hexToBytes(slot), value]);
      }
      const hasStorage = !equalBytes(account.storageRoot, EMPTY_TRIE_ROOT);
      state.accounts.push({
        address: hexToBytes(hex),
        account: { nonce, balance, codeHash, hasStorage },
        storage,
      });
      const key = bytesToHex(codeHash);
      if (equalBytes(codeHash, EMPTY_CODE_HASH) || knownCodes.has(key)) continue;
      knownCodes.add(key);
      state.codes.push([codeHash, await this.getCode(address)]);
    }
    return state;
  }

  #slotsOf(address: Address): Set<Hex> {
    const key = bytesToHex(address.bytes);
    const slots = this.#written.get(key) ?? new Set();
    this.#written.set(key, slots);
    return slots;
  }
}
