// The accounts and slots that an incarnation has touched: what it saw of the base, and what it made of it.

import { recordAddress } from "../../../records/locations.ts";
import { AccountView } from "./account-view.ts";
import type { VersionedState } from "./versioned-state.ts";

/** A storage slot in this incarnation. */
export interface SlotEntry {
  readonly location: number;
  readonly account: AccountEntry;
  /** The value before this unit; what EIP-2200 calls original. */
  original: bigint;
  value: bigint;
  loaded: boolean;
  warm: boolean;
}

/** An account in this incarnation. `undefined` base fields have not been looked at. */
export class AccountEntry {
  readonly record: number;
  readonly view: AccountView;
  readonly #state: VersionedState;
  /** The base is in the shared cache and was looked at; until then the entry only knows whether it is warm. */
  loaded = false;
  /** Its base is not in the shared cache, and the incarnation goes on without it, as a scout: see MissHandler. */
  predicted = false;
  /** Accessed as EIP-7928 has it, looked at or not. */
  accessed = false;
  nonceBase: bigint | undefined = undefined;
  /** The exact nonce was recorded as read. */
  nonceObserved = false;
  nonce: bigint | undefined = undefined;
  balanceBase: bigint | undefined = undefined;
  balanceObserved = false;
  /** Signed change on top of `balanceBase`, or of `balanceSet` when that is defined. */
  balanceDelta = 0n;
  balanceSet: bigint | undefined = undefined;
  codeHashBase: Uint8Array | undefined = undefined;
  codeHash: Uint8Array | undefined = undefined;
  /** The code of `codeHash` or `codeHashBase`, once it was loaded. */
  code: Uint8Array | undefined = undefined;
  warm = false;
  touched = false;
  /** Created by this unit: everything its storage holds was written by this unit. */
  created = false;
  destroyed = false;
  /** The state before the block has storage under this address. */
  hasStorageBase = false;

  constructor(record: number, state: VersionedState) {
    this.record = record;
    this.#state = state;
    this.view = new AccountView(this, state);
  }

  /** A copy of its 20 bytes. */
  get address(): Uint8Array {
    return recordAddress(this.#state.kernel, this.record);
  }
}
