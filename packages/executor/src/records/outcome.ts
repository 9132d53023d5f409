// A unit's outcome as bytes in shared memory: written by the worker that executed it, with the logs as its receipt has them; the kernel makes the
// receipts of it (kernel/assembly/receipts.ts).

import {
  type Kernel,
  OUTCOME_ACCESSES,
  OUTCOME_BLOB_COUNT,
  OUTCOME_BLOCK_GAS_USED,
  OUTCOME_BODY,
  OUTCOME_CREATED_ADDRESS,
  OUTCOME_CUMULATIVE_GAS,
  OUTCOME_ERROR_LENGTH,
  OUTCOME_FLAGS,
  OUTCOME_FRAME_OUT_OF_GAS,
  OUTCOME_GAS_USED,
  OUTCOME_HAS_CREATED_ADDRESS,
  OUTCOME_LOGS_BLOOM,
  OUTCOME_LOGS_LENGTH,
  OUTCOME_OUTPUT_LENGTH,
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
  error: string | undefined;
  output: Uint8Array;
  createdAddress: Uint8Array | undefined;
  frameOutOfGas: boolean;
  /** The RLP list of the logs. */
  logs: Uint8Array;
}

interface ReceiptParts {
  status: 0 | 1;
  /** Of the block's receipts up to this one. */
  cumulativeGasUsed: bigint;
  logsBloom: Uint8Array;
  /** The RLP list of the logs. */
  logs: Uint8Array;
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
  let at = writeRlpListHeader(u8, start + OUTCOME_BODY, payload);
  for (const log of outcome.logs) at = storeLog(kernel, log, at, bloom);
  u8.set(outcome.output, at);
  u8.set(error, at + outcome.output.length);
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

/** Views of shared memory, or of a copy of it. */
export interface MemoryViews {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
}

/** Reads the outcome of a committed unit. */
export function readOutcome(kernel: Kernel, unit: number): StoredOutcome {
  return decodeOutcome(kernel, kernel.outcomePtr(unit));
}

/** Decodes the outcome at `start`. */
export function decodeOutcome({ u8, u32, u64 }: MemoryViews, start: number): StoredOutcome {
  const word = (offset: number): number => u32[(start + offset) >>> 2] as number;
  const flags = word(OUTCOME_FLAGS);
  const output = OUTCOME_BODY + word(OUTCOME_LOGS_LENGTH);
  const error = output + word(OUTCOME_OUTPUT_LENGTH);
  const end = error + word(OUTCOME_ERROR_LENGTH);
  // PERF: one copy, because each array of more than 64 bytes is memory that the garbage collector has to give back one by one.
  const bytes = u8.slice(start, start + end);
  return {
    status: word(OUTCOME_STATUS) === 1 ? 1 : 0,
    gasUsed: u64[(start + OUTCOME_GAS_USED) >>> 3] as bigint,
    blockGasUsed: u64[(start + OUTCOME_BLOCK_GAS_USED) >>> 3] as bigint,
    error: error === end ? undefined : decoder.decode(bytes.subarray(error)),
    output: bytes.subarray(output, error),
    createdAddress:
      flags & OUTCOME_HAS_CREATED_ADDRESS
        ? bytes.subarray(OUTCOME_CREATED_ADDRESS, OUTCOME_CREATED_ADDRESS + 20)
        : undefined,
    frameOutOfGas: (flags & OUTCOME_FRAME_OUT_OF_GAS) !== 0,
    logs: bytes.subarray(OUTCOME_BODY, output),
  };
}

/** What a receipt consists of besides its type, out of an outcome that was sealed. The byte arrays are views. */
export function receiptPartsOf({ u8, u32, u64 }: MemoryViews, start: number): ReceiptParts {
  const body = start + OUTCOME_BODY;
  return {
    status: u32[(start + OUTCOME_STATUS) >>> 2] === 1 ? 1 : 0,
    cumulativeGasUsed: u64[(start + OUTCOME_CUMULATIVE_GAS) >>> 3] as bigint,
    logsBloom: u8.subarray(start + OUTCOME_LOGS_BLOOM, body),
    logs: u8.subarray(body, body + (u32[(start + OUTCOME_LOGS_LENGTH) >>> 2] as number)),
  };
}

/**
 * Where the receipt's encoding ends that lies, as an RLP string, in an outcome that was sealed, and how long it is: rlp(status, gas, bloom, logs), from
 * Byzantium on, behind its type unless that is 0.
 */
export function receiptStringAt(
  { u32, u64 }: MemoryViews,
  start: number,
  type: number,
): { end: number; length: number } {
  const logs = u32[(start + OUTCOME_LOGS_LENGTH) >>> 2] as number;
  const gas = Number(u64[(start + OUTCOME_CUMULATIVE_GAS) >>> 3] as bigint);
  const payload = 1 + integerSize(gas) + rlpListLength(BLOOM_BYTES) + logs;
  const length = rlpListLength((type === 0 ? 0 : 1) + rlpListLength(payload));
  return { end: start + OUTCOME_BODY + logs, length };
}

/** Bytes of a number's encoding, exact up to 2^53. */
function integerSize(value: number): number {
  if (value !== 0 && value < 0x80) return 1;
  let size = 1;
  for (let rest = value; rest >= 1; rest /= 256) size++;
  return size;
}

/** Gas that a committed unit's sender pays for. */
export function gasUsedOf(kernel: Kernel, unit: number): bigint {
  return kernel.u64[(kernel.outcomePtr(unit) + OUTCOME_GAS_USED) >>> 3] as bigint;
}

/** Notes in an outcome that was just stored that the block's engine did not support the unit. */
export function markUnsupported(kernel: Kernel, unit: number): void {
  const flags = (kernel.outcomePtr(unit) + OUTCOME_FLAGS) >>> 2;
  kernel.u32[flags] = (kernel.u32[flags] as number) | OUTCOME_UNSUPPORTED;
}

/** Did the block's engine not support a finished unit, so that another one ran it? */
export function isUnsupported(kernel: Kernel, unit: number): boolean {
  const flags = kernel.u32[(kernel.outcomePtr(unit) + OUTCOME_FLAGS) >>> 2] as number;
  return (flags & OUTCOME_UNSUPPORTED) !== 0;
}

/** How many units of a finished block its engine did not support. */
export function countUnsupported(kernel: Kernel): number {
  let count = 0;
  for (let unit = 0; unit < kernel.unitCount; unit++)
    if (!kernel.isLeftOut(unit) && isUnsupported(kernel, unit)) count++;
  return count;
}
