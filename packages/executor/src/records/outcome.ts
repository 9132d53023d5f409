// A unit's outcome as bytes in shared memory: written by the worker that executed it, read by the main thread.
//
// status u8 | flags u8 | error length u8 | blob count u8 | gas used u64 | logs length u32 | output length u32 | block gas used u64 |
// ptr of accesses u32 | receipt leaf 32 | logs bloom 256 | created address 20 | output | logs as their RLP list | error (numbers little-endian).
//
// Workers encode the logs and, when all units are committed, hash the receipts (settle-receipts.ts), because the main thread does what is
// left alone.

import type { Kernel } from "@braid/kernel";
import { rlpListLength, rlpStringLength, writeRlpListHeader, writeRlpString } from "@braid/primitives";

const FLAGS = 1;
const HAS_CREATED_ADDRESS = 1;
const IS_SETTLED = 2;
const GAS_USED = 4;
const LOGS_LENGTH = 12;
const OUTPUT_LENGTH = 16;
const BLOCK_GAS_USED = 20;
const ACCESSES = 28;
const LEAF = 32;
const BLOOM = LEAF + 32;
const BLOOM_BYTES = 256;
const CREATED = BLOOM + BLOOM_BYTES;
const BODY = CREATED + 20;
const ADDRESS_RLP = 21;
const TOPIC_RLP = 33;

const NO_BYTES = new Uint8Array(0);
/** The engine names its errors in a few words; a jump's adds the place. */
const MAX_ERROR_BYTES = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** address, topics, data: as the engine gives them. */
export type RawLog = [Uint8Array, Uint8Array[], Uint8Array];

/** What an executed transaction leaves behind besides its writes. */
export interface TransactionOutcome {
  status: 0 | 1;
  /** What the sender pays for. */
  gasUsed: bigint;
  /** What counts towards the block's gas: from EIP-7778 on without refunds. */
  blockGasUsed: bigint;
  blobCount: number;
  error: string | undefined;
  output: Uint8Array;
  logs: RawLog[];
  createdAddress: Uint8Array | undefined;
}

/** An outcome read back; the byte arrays are views of one copy. */
export interface StoredOutcome {
  status: 0 | 1;
  gasUsed: bigint;
  blockGasUsed: bigint;
  blobCount: number;
  error: string | undefined;
  output: Uint8Array;
  createdAddress: Uint8Array | undefined;
  logsBloom: Uint8Array;
  /** The RLP list of the logs. */
  logs: Uint8Array;
  /** The hash of the receipt's leaf in the receipts trie, when a worker has computed it. */
  receiptLeaf: Uint8Array | undefined;
}

function logPayload([, topics, data]: RawLog): number {
  return ADDRESS_RLP + rlpListLength(topics.length * TOPIC_RLP) + rlpStringLength(data);
}

/**
 * Writes `outcome` into the block arena and hands it to the unit. Returns false when the arena is full.
 *
 * @param accesses what `collectAccesses` gave for the same incarnation.
 */
export function storeOutcome(
  kernel: Kernel,
  unit: number,
  outcome: TransactionOutcome,
  accesses: number,
): boolean {
  const error =
    outcome.error === undefined ? NO_BYTES : encoder.encode(outcome.error).subarray(0, MAX_ERROR_BYTES);
  let payload = 0;
  for (const log of outcome.logs) payload += rlpListLength(logPayload(log));
  const logsLength = rlpListLength(payload);
  const size = BODY + error.length + outcome.output.length + logsLength;
  const start = kernel.alloc(size);
  if (start === 0) return false;
  const { u8, view } = kernel;
  u8[start] = outcome.status;
  u8[start + FLAGS] = outcome.createdAddress === undefined ? 0 : HAS_CREATED_ADDRESS;
  u8[start + 2] = error.length;
  u8[start + 3] = outcome.blobCount;
  view.setBigUint64(start + GAS_USED, outcome.gasUsed, true);
  view.setUint32(start + LOGS_LENGTH, logsLength, true);
  view.setUint32(start + OUTPUT_LENGTH, outcome.output.length, true);
  view.setBigUint64(start + BLOCK_GAS_USED, outcome.blockGasUsed, true);
  view.setUint32(start + ACCESSES, accesses, true);
  if (outcome.createdAddress !== undefined) u8.set(outcome.createdAddress, start + CREATED);
  u8.fill(0, start + BLOOM, start + BLOOM + BLOOM_BYTES);
  u8.set(outcome.output, start + BODY);
  let at = writeRlpListHeader(u8, start + BODY + outcome.output.length, payload);
  for (const log of outcome.logs) at = storeLog(kernel, log, at, start + BLOOM);
  u8.set(error, at);
  kernel.setOutcome(unit, start, size, outcome.blockGasUsed);
  return true;
}

/** Writes one log and adds it to the bloom at `bloom`; returns the position after it. */
function storeLog(kernel: Kernel, log: RawLog, start: number, bloom: number): number {
  const [address, topics, data] = log;
  const { u8 } = kernel;
  let at = writeRlpListHeader(u8, start, logPayload(log));
  at = writeRlpString(u8, at, address);
  kernel.bloomAdd(bloom, at - 20, 20);
  at = writeRlpListHeader(u8, at, topics.length * TOPIC_RLP);
  for (const topic of topics) {
    at = writeRlpString(u8, at, topic);
    kernel.bloomAdd(bloom, at - 32, 32);
  }
  return writeRlpString(u8, at, data);
}

/** Where the list of what a committed unit accessed lies: see collect-accesses.ts. */
export function accessesPtr(kernel: Kernel, unit: number): number {
  return kernel.view.getUint32(kernel.outcomePtr(unit) + ACCESSES, true);
}

/** Reads the outcome of a committed unit. */
export function readOutcome(kernel: Kernel, unit: number): StoredOutcome {
  const { view } = kernel;
  const start = kernel.outcomePtr(unit);
  // PERF: one copy, because each array of more than 64 bytes is memory that the garbage collector has to give back one by one.
  const bytes = kernel.u8.slice(start, start + kernel.outcomeLength(unit));
  const logs = BODY + view.getUint32(start + OUTPUT_LENGTH, true);
  const error = logs + view.getUint32(start + LOGS_LENGTH, true);
  return {
    status: bytes[0] === 1 ? 1 : 0,
    gasUsed: view.getBigUint64(start + GAS_USED, true),
    blockGasUsed: view.getBigUint64(start + BLOCK_GAS_USED, true),
    blobCount: bytes[3] as number,
    error: error === bytes.length ? undefined : decoder.decode(bytes.subarray(error)),
    output: bytes.subarray(BODY, logs),
    createdAddress:
      (bytes[FLAGS] as number) & HAS_CREATED_ADDRESS ? bytes.subarray(CREATED, BODY) : undefined,
    logsBloom: bytes.subarray(BLOOM, BLOOM + BLOOM_BYTES),
    logs: bytes.subarray(logs, error),
    receiptLeaf: (bytes[FLAGS] as number) & IS_SETTLED ? bytes.subarray(LEAF, LEAF + 32) : undefined,
  };
}

/** The part of a committed transaction's outcome that its receipt consists of. Views of shared memory, where they stay until resetBlock. */
export function readReceiptParts(
  kernel: Kernel,
  unit: number,
): Pick<StoredOutcome, "status" | "gasUsed" | "logsBloom" | "logs"> {
  const { u8, view } = kernel;
  const start = kernel.outcomePtr(unit);
  const logs = start + BODY + view.getUint32(start + OUTPUT_LENGTH, true);
  return {
    status: u8[start] === 1 ? 1 : 0,
    gasUsed: view.getBigUint64(start + GAS_USED, true),
    logsBloom: u8.subarray(start + BLOOM, start + BLOOM + BLOOM_BYTES),
    logs: u8.subarray(logs, logs + view.getUint32(start + LOGS_LENGTH, true)),
  };
}

/** Adds to a committed unit's outcome the hash of its receipt's leaf in the receipts trie. */
export function settleOutcome(kernel: Kernel, unit: number, leaf: Uint8Array): void {
  const start = kernel.outcomePtr(unit);
  kernel.u8.set(leaf, start + LEAF);
  kernel.u8[start + FLAGS] = (kernel.u8[start + FLAGS] as number) | IS_SETTLED;
}
