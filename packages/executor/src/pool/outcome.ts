// A unit's outcome as bytes in shared memory: written by the worker that executed it, read by the main thread.
//
// status u8 | has created address u8 | error length u8 | blob count u8 | gas used u64 | logs length u32 | output length u32 |
// block gas used u64 | ptr of accesses u32 | created address 20 | logs bloom 256 | error | output | logs as their RLP list (numbers little-endian).
//
// Workers encode the logs, because the main thread does what is left of the receipts alone.

import type { Kernel } from "@braid/kernel";
import { rlpListLength, rlpStringLength, writeRlpListHeader, writeRlpString } from "@braid/primitives";
import type { RawLog, TransactionOutcome } from "../transaction/execute-transaction.ts";

const HEADER = 4 + 8 + 4 + 4 + 8 + 4;
const CREATED = HEADER;
const BLOOM = CREATED + 20;
const BLOOM_BYTES = 256;
const BODY = BLOOM + BLOOM_BYTES;
const ADDRESS_RLP = 21;
const TOPIC_RLP = 33;

const NO_BYTES = new Uint8Array(0);
/** The engine names its errors in a few words; a jump's adds the place. */
const MAX_ERROR_BYTES = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An outcome read back; the byte arrays are copies. */
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
  u8[start + 1] = outcome.createdAddress === undefined ? 0 : 1;
  u8[start + 2] = error.length;
  u8[start + 3] = outcome.blobCount;
  view.setBigUint64(start + 4, outcome.gasUsed, true);
  view.setUint32(start + 12, logsLength, true);
  view.setUint32(start + 16, outcome.output.length, true);
  view.setBigUint64(start + 20, outcome.blockGasUsed, true);
  view.setUint32(start + 28, accesses, true);
  if (outcome.createdAddress !== undefined) u8.set(outcome.createdAddress, start + CREATED);
  u8.fill(0, start + BLOOM, start + BODY);
  u8.set(error, start + BODY);
  u8.set(outcome.output, start + BODY + error.length);
  let at = writeRlpListHeader(u8, start + BODY + error.length + outcome.output.length, payload);
  for (const log of outcome.logs) at = storeLog(kernel, log, at, start + BLOOM);
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
  return kernel.view.getUint32(kernel.outcomePtr(unit) + 28, true);
}

/** Reads the outcome of a committed unit. */
export function readOutcome(kernel: Kernel, unit: number): StoredOutcome {
  const { u8, view } = kernel;
  const start = kernel.outcomePtr(unit);
  const errorLength = u8[start + 2] as number;
  const logsLength = view.getUint32(start + 12, true);
  const outputLength = view.getUint32(start + 16, true);
  const output = start + BODY + errorLength;
  return {
    status: u8[start] === 1 ? 1 : 0,
    gasUsed: view.getBigUint64(start + 4, true),
    blockGasUsed: view.getBigUint64(start + 20, true),
    blobCount: u8[start + 3] as number,
    error: errorLength === 0 ? undefined : decoder.decode(u8.slice(start + BODY, output)),
    output: u8.slice(output, output + outputLength),
    createdAddress: u8[start + 1] === 1 ? u8.slice(start + CREATED, start + CREATED + 20) : undefined,
    logsBloom: u8.slice(start + BLOOM, start + BODY),
    logs: u8.slice(output + outputLength, output + outputLength + logsLength),
  };
}
