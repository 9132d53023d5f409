// A block access list as JSON-RPC shows it (execution-apis: eth_getBlockAccessList).

import { bytesToHex, type Hex } from "@braid/primitives";
import { MalformedDataError } from "../errors.ts";
import { JsonFields } from "../json/json-fields.ts";
import type { AccountAccess, BlockAccessList, ValueChange } from "./access-list.ts";

/** A value as of a step of the block: 0x-hex quantities, or 32 bytes where `Value` is a slot's. */
export interface RpcValueChange {
  index: string;
  value: string;
}

/** One account of a list. */
export interface RpcAccountAccess {
  address: string;
  storageChanges: readonly { key: string; changes: readonly RpcValueChange[] }[];
  storageReads: readonly string[];
  balanceChanges: readonly RpcValueChange[];
  nonceChanges: readonly RpcValueChange[];
  codeChanges: readonly { index: string; code: string }[];
}

/** The list as `eth_getBlockAccessList` gives it. */
export function encodeRpcAccessList(list: BlockAccessList): RpcAccountAccess[] {
  const numbers = (changes: ValueChange<bigint>[]): RpcValueChange[] =>
    changes.map(({ index, value }) => ({ index: quantity(index), value: quantity(value) }));
  return list.map(({ address, storageChanges, storageReads, balanceChanges, nonceChanges, codeChanges }) => ({
    address,
    storageChanges: storageChanges.map(({ slot, changes }) => ({
      key: slot,
      changes: changes.map(({ index, value }) => ({ index: quantity(index), value: word(value) })),
    })),
    storageReads,
    balanceChanges: numbers(balanceChanges),
    nonceChanges: numbers(nonceChanges),
    codeChanges: codeChanges.map(({ index, value }) => ({ index: quantity(index), code: bytesToHex(value) })),
  }));
}

/**
 * The list in its JSON. Fields of an account that are empty may be left out. That its accounts, slots and changes are in order shows by its hash.
 *
 * @throws MalformedDataError BRAID_ACCESS_LIST_MALFORMED.
 */
export function decodeRpcAccessList(json: unknown): BlockAccessList {
  return new JsonFields({ list: json }, "", malformed).objects("list", readAccount);
}

function readAccount(fields: JsonFields): AccountAccess {
  const changes = <T>(name: string, read: (change: JsonFields) => T): ValueChange<T>[] =>
    fields.optional(name, () =>
      fields.objects(name, (change) => ({ index: Number(change.number("index", 4)), value: read(change) })),
    ) ?? [];
  return {
    address: bytesToHex(fields.bytes("address", 20)),
    storageChanges:
      fields.optional("storageChanges", (name) =>
        fields.objects(name, (slot) => ({
          slot: bytesToHex(slot.bytes("key", 32)),
          changes: slot.objects("changes", (change) => ({
            index: Number(change.number("index", 4)),
            value: change.number("value", 32),
          })),
        })),
      ) ?? [],
    storageReads:
      fields.optional("storageReads", (name) =>
        fields.bytesArray(name, 32).map((slot) => bytesToHex(slot)),
      ) ?? [],
    balanceChanges: changes("balanceChanges", (change) => change.number("value", 32)),
    nonceChanges: changes("nonceChanges", (change) => change.number("value", 8)),
    codeChanges: changes("codeChanges", (change) => change.bytes("code")),
  };
}

function malformed(reason: string, field: string): MalformedDataError {
  return new MalformedDataError(
    "BRAID_ACCESS_LIST_MALFORMED",
    `The block access list cannot be decoded: ${field} ${reason}.`,
  );
}

function quantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}
