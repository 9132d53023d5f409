// A transaction as a record of shared memory (layout: TX_*): written once, when its sender is recovered, read by every incarnation of every
// engine. What it holds has passed all checks that need no state.

import {
  type Kernel,
  TX_ACCESS_ADDRESS,
  TX_ACCESS_COUNT,
  TX_ACCESS_LIST,
  TX_ACCESS_SIZE,
  TX_ACCESS_SLOT_COUNT,
  TX_ACCESS_SLOTS,
  TX_AUTHORIZATION_AUTHORITY,
  TX_AUTHORIZATION_COUNT,
  TX_AUTHORIZATION_DELEGATE,
  TX_AUTHORIZATION_NONCE,
  TX_AUTHORIZATION_SIZE,
  TX_AUTHORIZATIONS,
  TX_BLOB_COUNT,
  TX_BLOB_HASHES,
  TX_CREATES,
  TX_DATA,
  TX_DATA_LENGTH,
  TX_FLAGS,
  TX_FLOOR_GAS,
  TX_GAS_LIMIT,
  TX_GAS_PRICE,
  TX_INTRINSIC_GAS,
  TX_MAX_BLOB_FEE,
  TX_MAX_FEE,
  TX_NONCE,
  TX_SIZE,
  TX_TO,
  TX_TYPE,
  TX_VALUE,
} from "@braid/kernel";
import type { AccessListEntry, ForkRules, IntrinsicGas, Transaction } from "@braid/protocol";
import { readU256, writeU256 } from "./words.ts";

/** An authorization of which all holds that can be known without state (EIP-7702). */
export interface SignedDelegation {
  /** 20 bytes each. */
  authority: Uint8Array;
  delegate: Uint8Array;
  nonce: bigint;
}

/** What a record has besides the fields of the transaction itself. */
export interface TransactionTerms {
  gas: IntrinsicGas;
  /** Wei for a unit of gas in this block. */
  gasPrice: bigint;
  delegations: readonly SignedDelegation[];
}

/** A transaction as an engine in JavaScript reads it. Amounts in wei, gas in gas units. */
export interface RecordedTransaction extends TransactionTerms {
  nonce: bigint;
  gasLimit: bigint;
  /** undefined creates a contract. */
  to: Uint8Array | undefined;
  value: bigint;
  maxFeePerGas: bigint;
  maxFeePerBlobGas: bigint;
  accessList: readonly AccessListEntry[];
  blobVersionedHashes: readonly Uint8Array[];
}

const HASH_BYTES = 32;
const ADDRESS_BYTES = 20;
const NONE: readonly never[] = [];

/** Wei that the sender must be able to pay. */
export function highestCost(
  {
    gasLimit,
    maxFeePerGas,
    value,
    blobVersionedHashes,
    maxFeePerBlobGas,
  }: Pick<
    RecordedTransaction,
    "gasLimit" | "maxFeePerGas" | "value" | "blobVersionedHashes" | "maxFeePerBlobGas"
  >,
  rules: ForkRules,
): bigint {
  const blobGas = BigInt(blobVersionedHashes.length) * rules.blobGasPerBlob;
  return gasLimit * maxFeePerGas + value + blobGas * maxFeePerBlobGas;
}

/**
 * Writes the record of a decoded transaction whose data is a view of shared memory; `flags` are those of TX_FLAGS that it does not tell itself. Returns
 * its ptr, 0 when the arena is full. PERF: one allocation for all of it.
 */
export function writeTransaction(
  kernel: Kernel,
  tx: Transaction,
  terms: TransactionTerms,
  flags = 0,
): number {
  const { u8, u32, u64 } = kernel;
  const { accessList, blobVersionedHashes, data } = tx;
  const { gas, gasPrice, delegations } = terms;
  if (data.buffer !== u8.buffer) throw new Error("the data of the transaction is not in shared memory");
  let size = TX_SIZE + HASH_BYTES * blobVersionedHashes.length + TX_AUTHORIZATION_SIZE * delegations.length;
  for (const { slots } of accessList) size += TX_ACCESS_SIZE + HASH_BYTES * slots.length;
  const record = kernel.alloc(size);
  if (record === 0) return 0;
  const word = (offset: number, value: number): void => {
    u32[(record + offset) >>> 2] = value;
  };
  word(TX_TYPE, tx.type);
  word(TX_FLAGS, (tx.to === undefined ? TX_CREATES : 0) | flags);
  u64[(record + TX_NONCE) >>> 3] = tx.nonce;
  u64[(record + TX_GAS_LIMIT) >>> 3] = tx.gasLimit;
  u64[(record + TX_INTRINSIC_GAS) >>> 3] = gas.intrinsic;
  u64[(record + TX_FLOOR_GAS) >>> 3] = gas.floor;
  word(TX_DATA, data.byteOffset);
  word(TX_DATA_LENGTH, data.length);
  if (tx.to !== undefined) u8.set(tx.to, record + TX_TO);
  writeU256(u64, (record + TX_VALUE) >>> 3, tx.value);
  writeU256(u64, (record + TX_GAS_PRICE) >>> 3, gasPrice);
  writeU256(u64, (record + TX_MAX_FEE) >>> 3, tx.maxFeePerGas);
  writeU256(u64, (record + TX_MAX_BLOB_FEE) >>> 3, tx.maxFeePerBlobGas);
  let at = record + TX_SIZE;
  word(TX_ACCESS_LIST, at);
  word(TX_ACCESS_COUNT, accessList.length);
  at = writeAccessList(kernel, accessList, at);
  word(TX_BLOB_HASHES, at);
  word(TX_BLOB_COUNT, blobVersionedHashes.length);
  at = writeHashes(u8, blobVersionedHashes, at);
  word(TX_AUTHORIZATIONS, at);
  word(TX_AUTHORIZATION_COUNT, delegations.length);
  for (const { authority, delegate, nonce } of delegations) {
    u8.set(authority, at + TX_AUTHORIZATION_AUTHORITY);
    u8.set(delegate, at + TX_AUTHORIZATION_DELEGATE);
    u64[(at + TX_AUTHORIZATION_NONCE) >>> 3] = nonce;
    at += TX_AUTHORIZATION_SIZE;
  }
  return record;
}

function writeHashes(u8: Uint8Array, hashes: readonly Uint8Array[], start: number): number {
  let at = start;
  for (const hash of hashes) {
    u8.set(hash, at);
    at += HASH_BYTES;
  }
  return at;
}

/** All entries, then the slots of each. Returns the address behind them. */
function writeAccessList(kernel: Kernel, list: readonly AccessListEntry[], start: number): number {
  const { u8, u32 } = kernel;
  let entry = start;
  let at = start + TX_ACCESS_SIZE * list.length;
  for (const { address, slots } of list) {
    u8.set(address, entry + TX_ACCESS_ADDRESS);
    u32[(entry + TX_ACCESS_SLOT_COUNT) >>> 2] = slots.length;
    u32[(entry + TX_ACCESS_SLOTS) >>> 2] = at;
    at = writeHashes(u8, slots, at);
    entry += TX_ACCESS_SIZE;
  }
  return at;
}

/** Reads a record, all but its data. PERF: what is not there costs nothing; what is made lives no longer than the incarnation. */
export function readTransaction(kernel: Kernel, record: number): RecordedTransaction {
  const { u8, u32, u64 } = kernel;
  const word = (offset: number): number => u32[(record + offset) >>> 2] as number;
  const long = (offset: number): bigint => u64[(record + offset) >>> 3] as bigint;
  const wide = (offset: number): bigint => readU256(u64, (record + offset) >>> 3);
  const to = record + TX_TO;
  return {
    nonce: long(TX_NONCE),
    gasLimit: long(TX_GAS_LIMIT),
    gas: { intrinsic: long(TX_INTRINSIC_GAS), floor: long(TX_FLOOR_GAS) },
    to: word(TX_FLAGS) & TX_CREATES ? undefined : u8.slice(to, to + ADDRESS_BYTES),
    value: wide(TX_VALUE),
    gasPrice: wide(TX_GAS_PRICE),
    maxFeePerGas: wide(TX_MAX_FEE),
    maxFeePerBlobGas: wide(TX_MAX_BLOB_FEE),
    accessList: readAccessList(kernel, word(TX_ACCESS_LIST), word(TX_ACCESS_COUNT)),
    blobVersionedHashes: readHashes(u8, word(TX_BLOB_HASHES), word(TX_BLOB_COUNT)),
    delegations: readDelegations(kernel, word(TX_AUTHORIZATIONS), word(TX_AUTHORIZATION_COUNT)),
  };
}

/** The transaction's type, 0 to 4. */
export function recordedType(kernel: Kernel, record: number): number {
  return kernel.u32[(record + TX_TYPE) >>> 2] as number;
}

function readHashes(u8: Uint8Array, start: number, count: number): readonly Uint8Array[] {
  if (count === 0) return NONE;
  return Array.from({ length: count }, (_, i) => {
    const at = start + HASH_BYTES * i;
    return u8.slice(at, at + HASH_BYTES);
  });
}

function readAccessList(kernel: Kernel, start: number, count: number): readonly AccessListEntry[] {
  if (count === 0) return NONE;
  const { u8, u32 } = kernel;
  return Array.from({ length: count }, (_, i) => {
    const entry = start + TX_ACCESS_SIZE * i;
    const address = entry + TX_ACCESS_ADDRESS;
    return {
      address: u8.slice(address, address + ADDRESS_BYTES),
      slots: readHashes(
        u8,
        u32[(entry + TX_ACCESS_SLOTS) >>> 2] as number,
        u32[(entry + TX_ACCESS_SLOT_COUNT) >>> 2] as number,
      ),
    };
  });
}

function readDelegations({ u8, u64 }: Kernel, start: number, count: number): readonly SignedDelegation[] {
  if (count === 0) return NONE;
  return Array.from({ length: count }, (_, i) => {
    const at = start + TX_AUTHORIZATION_SIZE * i;
    const authority = at + TX_AUTHORIZATION_AUTHORITY;
    const delegate = at + TX_AUTHORIZATION_DELEGATE;
    return {
      authority: u8.slice(authority, authority + ADDRESS_BYTES),
      delegate: u8.slice(delegate, delegate + ADDRESS_BYTES),
      nonce: u64[(at + TX_AUTHORIZATION_NONCE) >>> 3] as bigint,
    };
  });
}
