// What a block (or one transaction) changed: the only thing that a store commits and that a root is computed from.
import type { Hex } from "@braid/primitives";

/** The changes of a block. Address and slot keys are lower-case 0x-hex of 20 and 32 bytes. */
export interface StateDiff {
  accounts: Map<Hex, AccountDiff>;
  /** New code by its lower-case 0x-hex keccak256. */
  codes: Map<Hex, Uint8Array>;
}

/** The change of one account. nonce, balance and codeHash are undefined when unchanged. */
export interface AccountDiff {
  /** The account no longer exists in the trie. A deleted account's other fields mean nothing. */
  deleted: boolean;
  nonce?: bigint;
  /** In wei. */
  balance?: bigint;
  /** 32 bytes. */
  codeHash?: Uint8Array;
  /** All earlier storage is gone; `storage` is on top of nothing. */
  storageReset: boolean;
  /** Final values; 0n removes the slot. */
  storage: Map<Hex, bigint>;
}

/** A diff that changes nothing yet. */
export function emptyStateDiff(): StateDiff {
  return { accounts: new Map(), codes: new Map() };
}

/** An account's diff that changes nothing yet. */
export function emptyAccountDiff(): AccountDiff {
  return { deleted: false, storageReset: false, storage: new Map() };
}
