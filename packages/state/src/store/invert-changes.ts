// The way back: what leads from the state after some changes to the state before them.
import {
  CHANGED_DELETED,
  CHANGED_HAS_BALANCE,
  CHANGED_HAS_CODE_HASH,
  CHANGED_HAS_NONCE,
  CHANGED_STORAGE_RESET,
  type StateChanges,
} from "../state-changes.ts";
import { StateChangesWriter } from "../state-changes-writer.ts";
import type { SourceAccount } from "../state-source.ts";
import type { FlatReader } from "./backend.ts";

const HAS_FIELD = CHANGED_HAS_NONCE | CHANGED_HAS_BALANCE | CHANGED_HAS_CODE_HASH;
/** One for all: what it writes to is used again. */
const writer = new StateChangesWriter();

/** Changes that undo others, by what the state is before those. */
export function invertChanges(changes: StateChanges, before: FlatReader): StateChanges {
  writer.clear();
  for (let i = 0; i < changes.accountCount; i++) {
    const account = before.account(changes.addressAt(i));
    if (account !== undefined) invertAccount(changes, i, account, before);
    else if (createsAccount(changes, i)) {
      writer.account(changes.bytes, changes.accountAt(i));
      writer.deleted();
    }
  }
  return writer.finish();
}

/** Does a change make an account where there is none? As in the trie: by a field, or by a slot that is not zero. */
export function createsAccount(changes: StateChanges, index: number): boolean {
  const flags = changes.flagsAt(index);
  if (flags & (HAS_FIELD | CHANGED_DELETED)) return (flags & CHANGED_DELETED) === 0;
  const end = changes.slotsEnd(index);
  for (let slot = changes.slotsBegin(index); slot < end; slot++)
    if (changes.slotValueAt(slot) !== 0n) return true;
  return false;
}

function invertAccount(
  changes: StateChanges,
  index: number,
  { nonce, balance, codeHash }: SourceAccount,
  before: FlatReader,
): void {
  const address = changes.addressAt(index);
  writer.account(address, 0);
  writer.nonce(nonce);
  writer.balance(balance);
  writer.codeHash(codeHash, 0);
  if (changes.flagsAt(index) & (CHANGED_DELETED | CHANGED_STORAGE_RESET)) {
    writer.storageReset();
    for (const [key, value] of before.slots(address)) writer.slot(key, 0, value);
    return;
  }
  const end = changes.slotsEnd(index);
  for (let slot = changes.slotsBegin(index); slot < end; slot++) {
    const key = changes.slotKeyAt(slot);
    writer.slot(key, 0, before.slot(address, key));
  }
}
