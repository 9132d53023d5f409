// A unit's outcome as bytes in shared memory: written by the worker that executed it, read by the main thread.
//
// Workers encode the logs and, when all units are committed, hash the receipts (settle-receipts.ts), because the main thread does what is
// left alone.

import {
  type Kernel,
  OUTCOME_ACCESSES,
  OUTCOME_BLOB_COUNT,
  OUTCOME_BLOCK_GAS_USED,
  OUTCOME_BODY,
  OUTCOME_CREATED_ADDRESS,
  OUTCOME_ERROR_LENGTH,
  OUTCOME_FLAGS,
  OUTCOME_FRAME_OUT_OF_GAS,
  OUTCOME_GAS_USED,
  OUTCOME_HAS_CREATED_ADDRESS,
  OUTCOME_HAS_RECEIPT_LEAF,
  OUTCOME_LOGS_BLOOM,
  OUTCOME_LOGS_LENGTH,
  OUTCOME_OUTPUT_LENGTH,
  OUTCOME_RECEIPT_LEAF,
  OUTCOME_STATUS,
  OUTCOME_UNSUPPORTED,
} from "@braid/kernel";
import { rlpListLength, rlpStringLength, writeRlpListHeader, writeRlpString } from "@braid/primitives";

const BLOOM_BYTES = 256;
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
  /** Some frame ran out of gas, whether its caller minded or not. Default: not known. */
  frameOutOfGas?: boolean;
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
  frameOutOfGas: boolean;
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
  const size = OUTCOME_BODY + error.length + outcome.output.length + logsLength;
  const start = kernel.alloc(size);
  if (start === 0) return false;
  const { u8, u32, u64 } = kernel;
  const { createdAddress } = outcome;
  u32[(start + OUTCOME_STATUS) >>> 2] = outcome.status;
  u32[(start + OUTCOME_FLAGS) >>> 2] =
    (createdAddress === undefined ? 0 : OUTCOME_HAS_CREATED_ADDRESS) |
    (outcome.frameOutOfGas === true ? OUTCOME_FRAME_OUT_OF_GAS : 0);
  u64[(start + OUTCOME_GAS_USED) >>> 3] = outcome.gasUsed;
  u64[(start + OUTCOME_BLOCK_GAS_USED) >>> 3] = outcome.blockGasUsed;
  u32[(start + OUTCOME_BLOB_COUNT) >>> 2] = outcome.blobCount;
  u32[(start + OUTCOME_ACCESSES) >>> 2] = accesses;
  u32[(start + OUTCOME_OUTPUT_LENGTH) >>> 2] = outcome.output.length;
  u32[(start + OUTCOME_LOGS_LENGTH) >>> 2] = logsLength;
  u32[(start + OUTCOME_ERROR_LENGTH) >>> 2] = error.length;
  if (createdAddress !== undefined) u8.set(createdAddress, start + OUTCOME_CREATED_ADDRESS);
  const bloom = start + OUTCOME_LOGS_BLOOM;
  u8.fill(0, bloom, bloom + BLOOM_BYTES);
  u8.set(outcome.output, start + OUTCOME_BODY);
  let at = writeRlpListHeader(u8, start + OUTCOME_BODY + outcome.output.length, payload);
  for (const log of outcome.logs) at = storeLog(kernel, log, at, bloom);
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

/** One of the outcome's 32-bit fields. */
function field(kernel: Kernel, unit: number, offset: number): number {
  return kernel.u32[(kernel.outcomePtr(unit) + offset) >>> 2] as number;
}

/** ptr of the list of what a committed unit accessed (ACCESSES_*). */
export function accessesPtr(kernel: Kernel, unit: number): number {
  return field(kernel, unit, OUTCOME_ACCESSES);
}

/** Reads the outcome of a committed unit. */
export function readOutcome(kernel: Kernel, unit: number): StoredOutcome {
  const start = kernel.outcomePtr(unit);
  const flags = field(kernel, unit, OUTCOME_FLAGS);
  const logs = OUTCOME_BODY + field(kernel, unit, OUTCOME_OUTPUT_LENGTH);
  const error = logs + field(kernel, unit, OUTCOME_LOGS_LENGTH);
  const end = error + field(kernel, unit, OUTCOME_ERROR_LENGTH);
  // PERF: one copy, because each array of more than 64 bytes is memory that the garbage collector has to give back one by one.
  const bytes = kernel.u8.slice(start, start + end);
  return {
    status: field(kernel, unit, OUTCOME_STATUS) === 1 ? 1 : 0,
    gasUsed: kernel.u64[(start + OUTCOME_GAS_USED) >>> 3] as bigint,
    blockGasUsed: kernel.u64[(start + OUTCOME_BLOCK_GAS_USED) >>> 3] as bigint,
    blobCount: field(kernel, unit, OUTCOME_BLOB_COUNT),
    error: error === end ? undefined : decoder.decode(bytes.subarray(error)),
    output: bytes.subarray(OUTCOME_BODY, logs),
    createdAddress:
      flags & OUTCOME_HAS_CREATED_ADDRESS
        ? bytes.subarray(OUTCOME_CREATED_ADDRESS, OUTCOME_CREATED_ADDRESS + 20)
        : undefined,
    frameOutOfGas: (flags & OUTCOME_FRAME_OUT_OF_GAS) !== 0,
    logsBloom: bytes.subarray(OUTCOME_LOGS_BLOOM, OUTCOME_LOGS_BLOOM + BLOOM_BYTES),
    logs: bytes.subarray(logs, error),
    receiptLeaf:
      flags & OUTCOME_HAS_RECEIPT_LEAF
        ? bytes.subarray(OUTCOME_RECEIPT_LEAF, OUTCOME_RECEIPT_LEAF + 32)
        : undefined,
  };
}

/** The part of a committed transaction's outcome that its receipt consists of. Views of shared memory, where they stay until resetBlock. */
export function readReceiptParts(
  kernel: Kernel,
  unit: number,
): Pick<StoredOutcome, "status" | "gasUsed" | "logsBloom" | "logs"> {
  const { u8, u64 } = kernel;
  const start = kernel.outcomePtr(unit);
  const bloom = start + OUTCOME_LOGS_BLOOM;
  const logs = start + OUTCOME_BODY + field(kernel, unit, OUTCOME_OUTPUT_LENGTH);
  return {
    status: field(kernel, unit, OUTCOME_STATUS) === 1 ? 1 : 0,
    gasUsed: u64[(start + OUTCOME_GAS_USED) >>> 3] as bigint,
    logsBloom: u8.subarray(bloom, bloom + BLOOM_BYTES),
    logs: u8.subarray(logs, logs + field(kernel, unit, OUTCOME_LOGS_LENGTH)),
  };
}

function setFlag(kernel: Kernel, unit: number, flag: number): void {
  const word = (kernel.outcomePtr(unit) + OUTCOME_FLAGS) >>> 2;
  kernel.u32[word] = (kernel.u32[word] as number) | flag;
}

/** Adds to a committed unit's outcome the hash of its receipt's leaf in the receipts trie. */
export function settleOutcome(kernel: Kernel, unit: number, leaf: Uint8Array): void {
  kernel.u8.set(leaf, kernel.outcomePtr(unit) + OUTCOME_RECEIPT_LEAF);
  setFlag(kernel, unit, OUTCOME_HAS_RECEIPT_LEAF);
}

/** Notes in an outcome that was just stored that the block's engine did not support the unit. */
export function markUnsupported(kernel: Kernel, unit: number): void {
  setFlag(kernel, unit, OUTCOME_UNSUPPORTED);
}

/** How many units of a finished block its engine did not support. */
export function countUnsupported(kernel: Kernel): number {
  let count = 0;
  for (let unit = 0; unit < kernel.unitCount; unit++)
    if (!kernel.isLeftOut(unit) && field(kernel, unit, OUTCOME_FLAGS) & OUTCOME_UNSUPPORTED) count++;
  return count;
}
