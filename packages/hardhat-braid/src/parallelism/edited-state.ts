// A recorded state with accounts and slots changed.

import { bytesToHex, type Hex } from "@braid/primitives";
import { EMPTY_CODE_HASH, type SourceAccount, type StateSource } from "@braid/state";

export class EditedState implements StateSource {
  /** Of no trie: an executor's cache knows the state by it. */
  readonly stateRoot: Uint8Array = crypto.getRandomValues(new Uint8Array(32));
  readonly #before: StateSource;
  readonly #accounts = new Map<Hex, SourceAccount>();
  readonly #slots = new Map<string, bigint>();

  constructor(before: StateSource) {
    this.#before = before;
  }

  /** An account that sends: it has ether, and its first nonce. It keeps its code. */
  async fund(address: Uint8Array, balance: bigint): Promise<void> {
    const { codeHash = EMPTY_CODE_HASH, hasStorage = false } = (await this.#before.getAccount(address)) ?? {};
    this.#accounts.set(bytesToHex(address), { nonce: 0n, balance, codeHash, hasStorage });
  }

  /** More ether for an account that stays what it is. */
  async give(address: Uint8Array, more: bigint): Promise<void> {
    const account = await this.getAccount(address);
    if (account !== undefined)
      this.#accounts.set(bytesToHex(address), { ...account, balance: account.balance + more });
  }

  setSlot(address: Uint8Array, slot: Uint8Array, value: bigint): void {
    this.#slots.set(bytesToHex(address) + bytesToHex(slot), value);
  }

  getAccount(address: Uint8Array): ReturnType<StateSource["getAccount"]> {
    return this.#accounts.get(bytesToHex(address)) ?? this.#before.getAccount(address);
  }

  getStorage(address: Uint8Array, slot: Uint8Array): ReturnType<StateSource["getStorage"]> {
    return this.#slots.get(bytesToHex(address) + bytesToHex(slot)) ?? this.#before.getStorage(address, slot);
  }

  getCode(codeHash: Uint8Array): ReturnType<StateSource["getCode"]> {
    return this.#before.getCode(codeHash);
  }

  getBlockHash(number: bigint): ReturnType<StateSource["getBlockHash"]> {
    return this.#before.getBlockHash(number);
  }
}
