// What earlier blocks taught: which slots a call of (contract, selector) wrote that other transactions of the block wrote too.

import { bytesToHex } from "@braid/primitives";
import type { ContendedSlot } from "../block/collect-state-diff.ts";

/** 4,096 functions with at most 16 slots each: a few megabytes, and more than a day's popular ones. */
const MAX_FUNCTIONS = 4_096;
const MAX_SLOTS = 16;

export interface SlotKey {
  address: Uint8Array;
  slot: Uint8Array;
}

export class HintMemory {
  /** In order of the last use; the oldest goes first. */
  readonly #functions = new Map<string, Map<string, SlotKey>>();

  get isEmpty(): boolean {
    return this.#functions.size === 0;
  }

  /** The slots that this function is expected to write and others with it. */
  expect(key: string): Iterable<SlotKey> {
    return this.#functions.get(key)?.values() ?? [];
  }

  /** Learns from a block; `keyOf(i)` is the function that transaction i calls. */
  learn(contended: ContendedSlot[], keyOf: (index: number) => string | undefined): void {
    for (const { address, slot, units } of contended) {
      for (const unit of units) {
        const key = keyOf(unit - 1);
        if (key !== undefined) this.#add(key, { address, slot });
      }
    }
  }

  #add(key: string, slot: SlotKey): void {
    let slots = this.#functions.get(key);
    if (slots === undefined) slots = new Map();
    else this.#functions.delete(key);
    this.#functions.set(key, slots);
    if (slots.size < MAX_SLOTS) slots.set(bytesToHex(slot.address) + bytesToHex(slot.slot), slot);
    if (this.#functions.size <= MAX_FUNCTIONS) return;
    const oldest = this.#functions.keys().next();
    if (!oldest.done) this.#functions.delete(oldest.value);
  }
}
