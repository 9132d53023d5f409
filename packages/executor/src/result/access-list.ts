// The block access list of EIP-7928: what a block accesses, and the value after each change.

import { keccak256 } from "@braid/kernel";
import { type Hex, hexToBytes, minimalBytes } from "@braid/primitives";
import { RLP } from "@ethereumjs/rlp";

/** A value as of one step of the block: 0 its system calls, i the i-th transaction (from 1), one more for withdrawals, rewards and requests. */
export interface ValueChange<T> {
  index: number;
  /** After the step. */
  value: T;
}

export interface SlotChanges {
  /** 32 bytes. */
  slot: Hex;
  changes: ValueChange<bigint>[];
}

/** One account: changes in order of their steps, slots in ascending order. */
export interface AccountAccess {
  address: Hex;
  storageChanges: SlotChanges[];
  /** Slots that were accessed and that no step left with another value than it found. */
  storageReads: Hex[];
  /** Wei. */
  balanceChanges: ValueChange<bigint>[];
  nonceChanges: ValueChange<bigint>[];
  codeChanges: ValueChange<Uint8Array>[];
}

/** In ascending order of addresses. */
export type BlockAccessList = AccountAccess[];

/** RLP as EIP-7928 has it: integers, slots among them, without leading zeros. */
export function encodeAccessList(list: BlockAccessList): Uint8Array {
  const pairs = (changes: ValueChange<bigint>[]) => changes.map(({ index, value }) => [BigInt(index), value]);
  return RLP.encode(
    list.map((account) => [
      hexToBytes(account.address),
      account.storageChanges.map(({ slot, changes }) => [slotBytes(slot), pairs(changes)]),
      account.storageReads.map(slotBytes),
      pairs(account.balanceChanges),
      pairs(account.nonceChanges),
      account.codeChanges.map(({ index, value }) => [BigInt(index), value]),
    ]),
  );
}

function slotBytes(slot: Hex): Uint8Array {
  return minimalBytes(BigInt(slot));
}

/** keccak256 of the encoding: the header's block access list hash (32 bytes). */
export function accessListHash(list: BlockAccessList): Uint8Array {
  return keccak256(encodeAccessList(list));
}
