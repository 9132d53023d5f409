// Keys and values of a store's tables.
import { bytesToBigInt, concatBytes, equalBytes, minimalBytes } from "@braid/primitives";
import { decodeAccount } from "../account-rlp.ts";
import { EMPTY_TRIE_ROOT } from "../constants.ts";
import type { SourceAccount } from "../state-source.ts";
import type { TreeBlock } from "../store/backend.ts";

const BLOCK_BYTES = 81;

/** Number and height (u64 each), whether there is a parent, its hash, the state root. */
export function encodeBlock({ number, height, parent, stateRoot }: TreeBlock): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, number);
  view.setBigUint64(8, BigInt(height));
  if (parent !== undefined) {
    bytes[16] = 1;
    bytes.set(parent, 17);
  }
  bytes.set(stateRoot, 49);
  return bytes;
}

/** undefined for bytes that are no block. */
export function decodeBlock(hash: Uint8Array, bytes: Uint8Array): TreeBlock | undefined {
  if (bytes.length !== BLOCK_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, BLOCK_BYTES);
  return {
    hash: copyBytes(hash),
    number: view.getBigUint64(0),
    height: Number(view.getBigUint64(8)),
    parent: bytes[16] === 1 ? copyBytes(bytes.subarray(17, 49)) : undefined,
    stateRoot: copyBytes(bytes.subarray(49, BLOCK_BYTES)),
  };
}

/** Height first, so that the blocks of a height stand together. */
export function heightKey(height: number, hash: Uint8Array = new Uint8Array(0)): Uint8Array {
  const key = new Uint8Array(8 + hash.length);
  new DataView(key.buffer).setBigUint64(0, BigInt(height));
  key.set(hash, 8);
  return key;
}

export function numberKey(number: bigint): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigUint64(0, BigInt.asUintN(64, number));
  return key;
}

/** Address first, so that the slots of an account stand together. */
export function slotTableKey(address: Uint8Array, slot: Uint8Array): Uint8Array {
  return concatBytes(address, slot);
}

/** A slot's value as bytes without leading zeros; zero is not in the table. */
export function encodeSlot(value: bigint): Uint8Array {
  return minimalBytes(value);
}

export function decodeSlot(bytes: Uint8Array): bigint {
  return bytesToBigInt(bytes.subarray(0, bytes.length));
}

/** The account of a leaf's RLP. */
export function accountOfLeaf(leaf: Uint8Array): SourceAccount {
  const { nonce, balance, storageRoot, codeHash } = decodeAccount(leaf);
  return {
    nonce,
    balance,
    codeHash: copyBytes(codeHash),
    hasStorage: !equalBytes(storageRoot, EMPTY_TRIE_ROOT),
  };
}

/** A copy that is no Buffer, whatever the bytes are: a Buffer's slice is none. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes.subarray(0, bytes.length));
  return copy;
}
