// What the engine gets when it asks for an account: a live view whose fields are resolved, and recorded as read, only when
// they are looked at. Setters write through, so `putAccount` has nothing left to copy.

import { Account, KECCAK256_RLP } from "@ethereumjs/util";
import type { AccountEntry } from "./entries.ts";
import type { VersionedState } from "./versioned-state.ts";

/** Stands for "some storage": the engine only asks whether it equals the empty root (EIP-7610). */
const SOME_STORAGE_ROOT = new Uint8Array(32).fill(1);

export class AccountView extends Account {
  readonly entry: AccountEntry;
  /** Set around a comparison "balance < comparand": the getter then answers the comparison, which is all that gets recorded. */
  comparand: bigint | undefined = undefined;
  readonly #state: VersionedState;

  constructor(entry: AccountEntry, state: VersionedState) {
    super(null, null, null, null);
    this.entry = entry;
    this.#state = state;
  }

  override get nonce(): bigint {
    return this.#state.nonce(this.entry);
  }

  override set nonce(nonce: bigint) {
    this.#state.setNonce(this.entry, nonce);
  }

  override get balance(): bigint {
    if (this.comparand === undefined) return this.#state.balance(this.entry);
    return this.#state.covers(this.entry, this.comparand) ? this.comparand : this.comparand - 1n;
  }

  override set balance(balance: bigint) {
    this.#state.setBalance(this.entry, balance);
  }

  override get codeHash(): Uint8Array {
    return this.#state.codeHash(this.entry);
  }

  override get storageRoot(): Uint8Array {
    return this.#state.hasStorage(this.entry) ? SOME_STORAGE_ROOT : KECCAK256_RLP;
  }

  override isContract(): boolean {
    return this.#state.hasCode(this.entry);
  }

  override isEmpty(): boolean {
    return this.#state.isEmpty(this.entry);
  }
}
