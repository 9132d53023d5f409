// The undo log of one incarnation: plain parallel arrays, because an entry is made for every write and every cold access.

import type { AccountEntry, SlotEntry } from "./entries.ts";

export const UndoKind = {
  Nonce: 0,
  BalanceDelta: 1,
  BalanceSet: 2,
  CodeHash: 3,
  Slot: 4,
  WarmAccount: 5,
  WarmSlot: 6,
  Touched: 7,
  Created: 8,
  Destroyed: 9,
} as const;
export type UndoKind = (typeof UndoKind)[keyof typeof UndoKind];

type Old = bigint | Uint8Array | undefined;

/** Checkpoints of an incarnation's local writes; nested as message calls are. */
export class Journal {
  readonly #kinds: UndoKind[] = [];
  readonly #targets: (AccountEntry | SlotEntry)[] = [];
  readonly #old: Old[] = [];
  readonly #checkpoints: number[] = [];

  reset(): void {
    this.#truncate(0);
    this.#checkpoints.length = 0;
  }

  record(kind: UndoKind, target: AccountEntry | SlotEntry, old: Old): void {
    this.#kinds.push(kind);
    this.#targets.push(target);
    this.#old.push(old);
  }

  checkpoint(): void {
    this.#checkpoints.push(this.#kinds.length);
  }

  commit(): void {
    this.#checkpoints.pop();
  }

  /** Takes back everything since the innermost checkpoint, and ends that checkpoint. Reads stay recorded: they were made. */
  revert(): void {
    const mark = this.#checkpoints.pop() ?? 0;
    for (let i = this.#kinds.length - 1; i >= mark; i--) {
      this.#undo(this.#kinds[i] as UndoKind, this.#targets[i] as AccountEntry & SlotEntry, this.#old[i]);
    }
    this.#truncate(mark);
  }

  #truncate(length: number): void {
    this.#kinds.length = length;
    this.#targets.length = length;
    this.#old.length = length;
  }

  #undo(kind: UndoKind, target: AccountEntry & SlotEntry, old: Old): void {
    switch (kind) {
      case UndoKind.Nonce:
        target.nonce = old as bigint | undefined;
        return;
      case UndoKind.BalanceDelta:
        target.balanceDelta = old as bigint;
        return;
      case UndoKind.BalanceSet:
        target.balanceSet = old as bigint | undefined;
        return;
      case UndoKind.CodeHash:
        target.codeHash = old as Uint8Array | undefined;
        target.code = undefined;
        return;
      case UndoKind.Slot:
        target.value = old as bigint;
        return;
      case UndoKind.WarmAccount:
      case UndoKind.WarmSlot:
        target.warm = false;
        return;
      case UndoKind.Touched:
        target.touched = false;
        return;
      case UndoKind.Created:
        target.created = false;
        return;
      case UndoKind.Destroyed:
        target.destroyed = false;
        return;
    }
  }
}
