// A unit's outcome as bytes in shared memory: written by the worker that executed it, read by the main thread.
//
// status u8 | has created address u8 | error length u8 | blob count u8 | gas used u64 | log count u32 | output length u32 |
// created address 20 | logs bloom 256 | error | output | logs: address 20, topic count u8, topics 32 each, data length u32, data
// (numbers little-endian).

import type { Kernel } from "@braid/kernel";
import type { RawLog, TransactionOutcome } from "../transaction/execute-transaction.ts";

const HEADER = 4 + 8 + 4 + 4;
const CREATED = HEADER;
const BLOOM = CREATED + 20;
const BLOOM_BYTES = 256;
const BODY = BLOOM + BLOOM_BYTES;

const NO_BYTES = new Uint8Array(0);
/** The engine names its errors in a few words; a jump's adds the place. */
const MAX_ERROR_BYTES = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A log entry: 20-byte address, 32-byte topics. */
export interface Log {
  address: Uint8Array;
  topics: Uint8Array[];
  data: Uint8Array;
}

/** An outcome read back; the byte arrays are copies. */
export interface StoredOutcome {
  status: 0 | 1;
  gasUsed: bigint;
  blobCount: number;
  error: string | undefined;
  output: Uint8Array;
  createdAddress: Uint8Array | undefined;
  logsBloom: Uint8Array;
  logs: Log[];
}

/** Writes `outcome` into the block arena and hands it to the unit. Returns false when the arena is full. */
export function storeOutcome(kernel: Kernel, unit: number, outcome: TransactionOutcome): boolean {
  const error = outcome.error === undefined ? NO_BYTES : encoder.encode(outcome.error).subarray(0, MAX_ERROR_BYTES);
  let size = BODY + error.length + outcome.output.length;
  for (const [, topics, data] of outcome.logs) size += 20 + 1 + 32 * topics.length + 4 + data.length;
  const start = kernel.alloc(size);
  if (start === 0) return false;
  const { u8, view } = kernel;
  u8[start] = outcome.status;
  u8[start + 1] = outcome.createdAddress === undefined ? 0 : 1;
  u8[start + 2] = error.length;
  u8[start + 3] = outcome.blobCount;
  view.setBigUint64(start + 4, outcome.gasUsed, true);
  view.setUint32(start + 12, outcome.logs.length, true);
  view.setUint32(start + 16, outcome.output.length, true);
  if (outcome.createdAddress !== undefined) u8.set(outcome.createdAddress, start + CREATED);
  u8.fill(0, start + BLOOM, start + BODY);
  let at = start + BODY;
  u8.set(error, at);
  at += error.length;
  u8.set(outcome.output, at);
  at += outcome.output.length;
  for (const log of outcome.logs) at = storeLog(kernel, log, at, start + BLOOM);
  kernel.setOutcome(unit, start, size, outcome.gasUsed);
  return true;
}

function storeLog(kernel: Kernel, [address, topics, data]: RawLog, start: number, bloom: number): number {
  const { u8, view } = kernel;
  let at = start;
  u8.set(address, at);
  kernel.bloomAdd(bloom, at, 20);
  at += 20;
  u8[at++] = topics.length;
  for (const topic of topics) {
    u8.set(topic, at);
    kernel.bloomAdd(bloom, at, 32);
    at += 32;
  }
  view.setUint32(at, data.length, true);
  u8.set(data, at + 4);
  return at + 4 + data.length;
}

/** Reads the outcome of a committed unit. */
export function readOutcome(kernel: Kernel, unit: number): StoredOutcome {
  const { u8, view } = kernel;
  const start = kernel.outcomePtr(unit);
  const errorLength = u8[start + 2] as number;
  const logCount = view.getUint32(start + 12, true);
  const outputLength = view.getUint32(start + 16, true);
  let at = start + BODY;
  const error = errorLength === 0 ? undefined : decoder.decode(u8.slice(at, at + errorLength));
  at += errorLength;
  const output = u8.slice(at, at + outputLength);
  at += outputLength;
  const logs: Log[] = [];
  for (let i = 0; i < logCount; i++) {
    const address = u8.slice(at, at + 20);
    const topicCount = u8[at + 20] as number;
    at += 21;
    const topics: Uint8Array[] = [];
    for (let t = 0; t < topicCount; t++, at += 32) topics.push(u8.slice(at, at + 32));
    const length = view.getUint32(at, true);
    logs.push({ address, topics, data: u8.slice(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return {
    status: u8[start] === 1 ? 1 : 0,
    gasUsed: view.getBigUint64(start + 4, true),
    blobCount: u8[start + 3] as number,
    error,
    output,
    createdAddress: u8[start + 1] === 1 ? u8.slice(start + CREATED, start + CREATED + 20) : undefined,
    logsBloom: u8.slice(start + BLOOM, start + BODY),
    logs,
  };
}
