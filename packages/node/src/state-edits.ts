// States changed by hand: what a development node's setBalance, setNonce, setCode and setStorageAt do to the state after the head.

import { keccak256 } from "@braid/kernel";
import { bytesToHex, equalBytes, type Hex } from "@braid/primitives";
import {
  type AccountChange,
  EMPTY_CODE_HASH,
  NO_ACCOUNT_CHANGE,
  type SourceAccount,
  type StateChanges,
  type StateSource,
  stateChangesOf,
} from "@braid/state";

/** What an account is to have from now on; what is left out stays. */
export interface AccountEdit {
  /** 20 bytes. */
  address: Uint8Array;
  /** In wei. */
  balance?: bigint;
  nonce?: bigint;
  code?: Uint8Array;
  /** Slots of 32 bytes. */
  storage?: readonly (readonly [slot: Uint8Array, value: bigint])[];
}

/** The changes that make a state fit the edits, of which there is at most one for each account. */
export async function changesOfEdits(
  state: StateSource,
  edits: readonly AccountEdit[],
): Promise<StateChanges> {
  const accounts = new Map<Hex, AccountChange>();
  const codes = new Map<Hex, Uint8Array>();
  for (const edit of edits) {
    const { address, balance, nonce, code, storage = [] } = edit;
    const before = await state.getAccount(address);
    const codeHash = code && (code.length === 0 ? EMPTY_CODE_HASH : keccak256(code));
    if (code !== undefined && code.length > 0) codes.set(bytesToHex(keccak256(code)), code);
    const change: AccountChange = {
      ...NO_ACCOUNT_CHANGE,
      ...(balance === undefined ? {} : { balance }),
      ...(nonce === undefined ? {} : { nonce }),
      ...(codeHash === undefined ? {} : { codeHash }),
      storage: new Map(storage.map(([slot, value]) => [bytesToHex(slot), value])),
    };
    accounts.set(
      bytesToHex(address),
      isEmptyAfter(before, change) ? { ...NO_ACCOUNT_CHANGE, deleted: true } : change,
    );
  }
  return stateChangesOf({ accounts, codes });
}

/** EIP-161: an account without anything is none. */
function isEmptyAfter(before: SourceAccount | undefined, change: AccountChange): boolean {
  const nonce = change.nonce ?? before?.nonce ?? 0n;
  const balance = change.balance ?? before?.balance ?? 0n;
  const codeHash = change.codeHash ?? before?.codeHash ?? EMPTY_CODE_HASH;
  const hasStorage =
    before?.hasStorage === true || [...change.storage.values()].some((value) => value !== 0n);
  return nonce === 0n && balance === 0n && equalBytes(codeHash, EMPTY_CODE_HASH) && !hasStorage;
}
