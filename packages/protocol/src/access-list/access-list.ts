// The block access list of EIP-7928: what a block accesses, and the value after each change.

import { keccak256 } from "@braid/kernel";
import {
  bigIntToBytes32,
  bytesToHex,
  type Hex,
  hexToBytes,
  rlpOfBigInt,
  rlpOfBytes,
  rlpOfList,
} from "@braid/primitives";
import { MalformedDataError } from "../errors.ts";
import { RlpFields } from "../rlp/rlp-fields.ts";

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
  const change = (index: number, value: Uint8Array): Uint8Array =>
    rlpOfList([rlpOfBigInt(BigInt(index)), value]);
  const numbers = (changes: ValueChange<bigint>[]): Uint8Array =>
    rlpOfList(changes.map(({ index, value }) => change(index, rlpOfBigInt(value))));
  return rlpOfList(
    list.map((account) =>
      rlpOfList([
        rlpOfBytes(hexToBytes(account.address)),
        rlpOfList(
          account.storageChanges.map(({ slot, changes }) => rlpOfList([rlpOfSlot(slot), numbers(changes)])),
        ),
        rlpOfList(account.storageReads.map(rlpOfSlot)),
        numbers(account.balanceChanges),
        numbers(account.nonceChanges),
        rlpOfList(account.codeChanges.map(({ index, value }) => change(index, rlpOfBytes(value)))),
      ]),
    ),
  );
}

function rlpOfSlot(slot: Hex): Uint8Array {
  return rlpOfBigInt(BigInt(slot));
}

/** keccak256 of the encoding: the header's block access list hash (32 bytes). */
export function accessListHash(list: BlockAccessList): Uint8Array {
  return keccak256(encodeAccessList(list));
}

const malformed = (what: string): MalformedDataError =>
  new MalformedDataError("BRAID_ACCESS_LIST_MALFORMED", `The block access list cannot be decoded: ${what}.`);

/**
 * Decodes a block access list. That its accounts, slots and changes are in order shows by its hash: it is not checked here.
 *
 * @throws MalformedDataError BRAID_ACCESS_LIST_MALFORMED.
 */
export function decodeAccessList(raw: Uint8Array): BlockAccessList {
  return RlpFields.of(new Uint8Array(raw), malformed, "the list").map((accounts, i) => {
    const fields = tuple(accounts, i, "an account", 6);
    return {
      address: bytesToHex(fields.bytes(0, "an address", 20)),
      storageChanges: fields.list(1, "storage changes").map((slots, j) => {
        const pair = tuple(slots, j, "a slot's changes", 2);
        return { slot: slotAt(pair, 0), changes: numbersAt(pair, 1, 32) };
      }),
      storageReads: fields.list(2, "storage reads").map(slotAt),
      balanceChanges: numbersAt(fields, 3, 32),
      nonceChanges: numbersAt(fields, 4, 8),
      codeChanges: changesAt(fields, 5, (pair) => pair.bytes(1, "a code")),
    };
  });
}

function tuple(list: RlpFields, index: number, name: string, length: number): RlpFields {
  const fields = list.list(index, name);
  if (fields.length !== length) throw malformed(`${name} has ${fields.length} items instead of ${length}`);
  return fields;
}

function slotAt(list: RlpFields, index: number): Hex {
  return bytesToHex(bigIntToBytes32(list.integer(index, "a slot")));
}

function numbersAt(fields: RlpFields, index: number, maxBytes: number): ValueChange<bigint>[] {
  return changesAt(fields, index, (pair) => pair.integer(1, "a value", maxBytes));
}

function changesAt<T>(fields: RlpFields, index: number, read: (pair: RlpFields) => T): ValueChange<T>[] {
  return fields.list(index, "a list of changes").map((changes, i) => {
    const pair = tuple(changes, i, "a change", 2);
    return { index: Number(pair.integer(0, "a change's index", 4)), value: read(pair) };
  });
}
