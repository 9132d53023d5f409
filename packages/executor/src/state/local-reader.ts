// A worker's own reads of a state that every thread can open: no message, and what is read is in the shared cache for all.

import type { Kernel } from "@braid/kernel";
import { type OpenState, openState, type StateHandle } from "@braid/state";
import { FlatCache } from "./flat-cache.ts";

export class LocalReader {
  readonly #cache: FlatCache;
  #open: OpenState | undefined;

  /** @param kernel the worker's instance. */
  constructor(kernel: Kernel) {
    this.#cache = new FlatCache(kernel);
  }

  /** Opens the state that a block runs on. Throws UnknownBlockError, StoreError. */
  open(handle: StateHandle): void {
    this.#open = openState(handle);
  }

  close(): void {
    this.#open?.close();
    this.#open = undefined;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  fetchAccount(address: Uint8Array): void {
    if (!this.#cache.hasAccount(address)) this.#cache.putAccount(address, this.#state.getAccount(address));
  }

  /** A slot and its account. */
  fetchSlot(address: Uint8Array, slot: Uint8Array): void {
    this.fetchAccount(address);
    this.#cache.putSlot(address, slot, this.#state.getStorage(address, slot));
  }

  fetchCode(codeHash: Uint8Array): void {
    if (!this.#cache.hasCode(codeHash)) this.#cache.putCode(codeHash, this.#state.getCode(codeHash));
  }

  blockHash(number: bigint): Uint8Array {
    return this.#state.getBlockHash(number);
  }

  get #state(): OpenState["state"] {
    if (this.#open === undefined) throw new Error("a state is read that is not open");
    return this.#open.state;
  }
}
