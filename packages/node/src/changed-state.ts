// A state that no store keeps: another one with changes on top, such as that after the pending block, or after a simulated one.

import { equalBytes } from "@braid/primitives";
import {
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_STORAGE_RESET,
  EMPTY_CODE_HASH,
  type SourceAccount,
  type StateChanges,
  type StateSource,
  whenThere,
} from "@braid/state";

export class ChangedState implements StateSource {
  readonly stateRoot: Uint8Array;
  readonly #before: StateSource;
  readonly #changes: StateChanges;
  readonly #block: { number: bigint; hash: Uint8Array } | undefined;

  /** @param block of what changed the state, when it has a hash that BLOCKHASH is to know. */
  constructor(
    before: StateSource,
    changes: StateChanges,
    stateRoot: Uint8Array,
    block?: { number: bigint; hash: Uint8Array },
  ) {
    this.stateRoot = stateRoot;
    this.#before = before;
    this.#changes = changes;
    this.#block = block;
  }

  getAccount(address: Uint8Array): SourceAccount | undefined | Promise<SourceAccount | undefined> {
    const index = this.#changes.indexOf(address);
    const before = this.#before.getAccount(address);
    return index < 0 ? before : whenThere(before, (account) => this.#changed(index, account));
  }

  #changed(index: number, before: SourceAccount | undefined): SourceAccount | undefined {
    const changes = this.#changes;
    const flags = changes.flagsAt(index);
    if (flags & CHANGED_DELETED) return undefined;
    return {
      nonce: flags & CHANGED_HAS_NONCE ? changes.nonceAt(index) : (before?.nonce ?? 0n),
      balance: flags & CHANGED_HAS_BALANCE ? changes.balanceAt(index) : (before?.balance ?? 0n),
      codeHash:
        flags & CHANGED_HAS_CODE_HASH
          ? changes.codeHashAt(index).slice()
          : (before?.codeHash ?? EMPTY_CODE_HASH),
      hasStorage: this.#hasStorage(index, before),
    };
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint | Promise<bigint> {
    const changes = this.#changes;
    const index = changes.indexOf(address);
    if (index < 0) return this.#before.getStorage(address, slot);
    const end = changes.slotsEnd(index);
    for (let i = changes.slotsBegin(index); i < end; i++)
      if (equalBytes(changes.slotKeyAt(i), slot)) return changes.slotValueAt(i);
    const isGone = (changes.flagsAt(index) & (CHANGED_DELETED | CHANGED_STORAGE_RESET)) !== 0;
    return isGone ? 0n : this.#before.getStorage(address, slot);
  }

  getCode(codeHash: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const changes = this.#changes;
    for (let i = 0; i < changes.codeCount; i++)
      if (equalBytes(changes.codeHashOf(i), codeHash)) return changes.codeAt(i).slice();
    return this.#before.getCode(codeHash);
  }

  getBlockHash(number: bigint): Uint8Array | Promise<Uint8Array> {
    return number === this.#block?.number ? this.#block.hash : this.#before.getBlockHash(number);
  }

  /** It is only looked at for what has neither nonce nor code (EIP-7610): that such an account loses its last slot does not happen in between. */
  #hasStorage(index: number, before: SourceAccount | undefined): boolean {
    const changes = this.#changes;
    const wasReset = (changes.flagsAt(index) & CHANGED_STORAGE_RESET) !== 0;
    const end = changes.slotsEnd(index);
    for (let i = changes.slotsBegin(index); i < end; i++) if (changes.slotValueAt(i) !== 0n) return true;
    return !wasReset && before?.hasStorage === true;
  }
}
