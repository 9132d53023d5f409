// The changes of several blocks as those of one.

import type { Hex } from "@braid/primitives";
import { type AccountChange, NO_ACCOUNT_CHANGE, type StateChanges, stateChangesOf } from "@braid/state";

/** What the first changes and then the second ones come to. */
export function mergeChanges(first: StateChanges, second: StateChanges): StateChanges {
  if (first.accountCount === 0) return second;
  const accounts = new Map<Hex, AccountChange>(first.accounts);
  for (const [address, later] of second.accounts) {
    const earlier = accounts.get(address);
    accounts.set(address, earlier === undefined ? later : mergeAccount(earlier, later));
  }
  return stateChangesOf({ accounts, codes: new Map([...first.codes, ...second.codes]) });
}

function mergeAccount(first: AccountChange, second: AccountChange): AccountChange {
  if (second.deleted) return { ...NO_ACCOUNT_CHANGE, deleted: true };
  const startsAnew = first.deleted || second.storageReset;
  return {
    ...NO_ACCOUNT_CHANGE,
    ...fieldsOf(first.deleted ? NO_ACCOUNT_CHANGE : first),
    ...fieldsOf(second),
    storageReset: startsAnew || first.storageReset,
    storage: startsAnew ? second.storage : new Map([...first.storage, ...second.storage]),
  };
}

function fieldsOf({ nonce, balance, codeHash }: AccountChange): Partial<AccountChange> {
  return {
    ...(nonce === undefined ? {} : { nonce }),
    ...(balance === undefined ? {} : { balance }),
    ...(codeHash === undefined ? {} : { codeHash }),
  };
}
