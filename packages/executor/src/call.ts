// The way of calls: messages on a state, beside the blocks. They run as the units of a block without prologue and epilogue, in order, and
// leave nothing behind but their results.

import type { Payer, Steps } from "@braid/primitives";
import { chainOf, decodeLogs, type Log } from "@braid/protocol";
import type { StateChanges, StateSource } from "@braid/state";
import { DEFAULT_READ_TIMEOUT_MS } from "./block/block-input.ts";
import {
  type CallInput,
  type CallMessage,
  type CallUnits,
  FIRST_MESSAGE,
  type SimulateInput,
  type StateOverride,
} from "./block/call-input.ts";
import { checkCall } from "./block/check-input.ts";
import { type TracerOf, withTracers } from "./block/guard-tracers.ts";
import { type PreparedBlock, prepareBlock } from "./block/prepare-block.ts";
import { FALLBACK_ENGINE } from "./engines/registry.ts";
import type { ExecutorResources } from "./execute-block.ts";
import { runBlock } from "./pool/block-run.ts";
import { throwIfCancelled } from "./pool/cancel.ts";
import { withinTime } from "./pool/within-time.ts";
import { isUnsupported, readOutcome } from "./records/outcome.ts";
import type { ReadAccess, WriteAccess } from "./result/block-result.ts";
import { collectStateChanges } from "./result/collect-state-changes.ts";
import { FinishedUnits } from "./result/finished-units.ts";
import { StateReader } from "./state/state-reader.ts";

/** What a message came to. */
export interface CallResult {
  status: 0 | 1;
  /** With the intrinsic gas, after refunds. */
  gasUsed: bigint;
  /** Before refunds: so much gas it must have been given. */
  maxGasUsed: bigint;
  /** The exceptional halt, or "revert". */
  error?: string;
  output: Uint8Array;
  logs: Log[];
  /** 20 bytes. */
  createdAddress?: Uint8Array;
  /** Some frame ran out of gas, whether its caller minded or not. */
  frameOutOfGas: boolean;
  /** The name of the engine that ran it. */
  engine: string;
  /** With `accesses`. */
  reads?: ReadAccess[];
  writes?: WriteAccess[];
}

/** What a block of messages came to. */
export interface SimulatedBlock {
  results: CallResult[];
  /** All that the block has changed, what was overridden among it. */
  stateChanges: StateChanges;
  /** From Prague on, what the request contracts gave (EIP-7002, EIP-7251): type byte first, empty ones left out. */
  requests: Uint8Array[];
}

/** Calls as a thread gets them: plain data. */
export interface CallJob {
  block: PreparedBlock;
  messages: CallMessage[];
  validate: boolean;
  overrides: StateOverride[];
  accesses: boolean;
  /** For all of it. */
  timeLimitMs: number | undefined;
  /** For what runs, waiting for the source not counted. */
  runLimitMs: number | undefined;
  readTimeoutMs: number;
}

/** Checks what was asked for and lays it out. Throws InvalidInputError. */
export function prepareCall(input: CallInput): CallJob {
  checkCall(input);
  const { header, chain, messages, blockOverrides = {} } = input;
  const block = prepareBlock({ header, transactions: [], uncles: [] }, chainOf(chain));
  const { prevRandao, ...overrides } = blockOverrides;
  Object.assign(block.context, overrides, prevRandao === undefined ? {} : { mixHash: prevRandao });
  return {
    block,
    messages,
    validate: input.validate === true,
    overrides: input.stateOverrides ?? [],
    accesses: input.accesses === true,
    timeLimitMs: input.timeLimitMs,
    runLimitMs: input.timeLimitMs,
    readTimeoutMs: input.readTimeoutMs ?? DEFAULT_READ_TIMEOUT_MS,
  };
}

/** Runs calls on a state; see Executor.call. */
export function* callWith(
  resources: ExecutorResources,
  job: CallJob,
  source: StateSource,
  { signal, tracer, payer }: Pick<CallInput, "signal" | "tracer" | "payer"> = {},
): Steps<CallResult[]> {
  const { messages, validate, overrides, accesses } = job;
  const calls = { messages, validate, overrides };
  yield* withinTime(job.timeLimitMs, signal, (limited) => {
    if (tracer === undefined) return runCalls(resources, job, calls, source, { signal: limited, payer });
    return withTracers(tracer, (guarded) =>
      runCalls(resources, job, calls, source, { signal: limited, payer, tracer: guarded }),
    );
  });
  return readCalls(resources, messages.length, { accesses, traced: tracer !== undefined });
}

/** Runs messages as a block; see Executor.simulate. */
export function* simulateWith(
  resources: ExecutorResources,
  { gasBudget, ...input }: SimulateInput,
): Steps<SimulatedBlock> {
  const job = prepareCall(input);
  const { messages, validate, overrides } = job;
  const { context } = job.block;
  const calls = { messages, validate, overrides, block: { gasBudget: gasBudget ?? context.gasLimit } };
  yield* withinTime(job.timeLimitMs, input.signal, (signal) =>
    runCalls(resources, job, calls, input.source, { signal, payer: input.payer }),
  );
  const { kernel } = resources;
  const epilogue = readOutcome(kernel, kernel.unitCount - 1);
  return {
    results: readCalls(resources, messages.length),
    stateChanges: collectStateChanges(kernel, kernel.unitCount, context.rules.spuriousDragon).changes,
    requests: decodeLogs(epilogue.logs).map(({ data }) => data),
  };
}

function* runCalls(
  { kernel, cache, inline, engine }: ExecutorResources,
  { block, runLimitMs, readTimeoutMs }: CallJob,
  calls: CallUnits,
  source: StateSource,
  { signal, payer, tracer }: { signal: AbortSignal | undefined; payer: Payer | undefined; tracer?: TracerOf },
): Steps<void> {
  throwIfCancelled(signal);
  // What is small is not worth loading whole for one message: what it reads is asked for.
  cache.attach(source, false);
  const until = calls.messages.length + FIRST_MESSAGE + (calls.block === undefined ? 0 : 1);
  kernel.resetBlock(until);
  const reader = new StateReader(cache, source, readTimeoutMs);
  try {
    yield* runBlock({
      kernel,
      reader,
      block,
      signal,
      pool: inline,
      inline,
      inlineMs: 0,
      // Only that one lets anybody look on.
      engine: tracer === undefined ? engine : FALLBACK_ENGINE,
      mode: "sequential",
      workers: 0,
      cacheHoldsAll: cache.holdsAll,
      building: false,
      handle: undefined,
      tracing: { until, calls, timeLimitMs: runLimitMs, payer, ...(tracer === undefined ? {} : { tracer }) },
    });
  } catch (error) {
    // An arena that is full may have left a value out.
    if (kernel.faultError() !== undefined) cache.clear();
    throw error;
  } finally {
    reader.close();
  }
}

function readCalls(
  { kernel, engine }: ExecutorResources,
  count: number,
  { accesses = false, traced = false }: { accesses?: boolean; traced?: boolean } = {},
): CallResult[] {
  const units = Array.from({ length: count }, (_, i) => i + FIRST_MESSAGE);
  const sets = accesses ? new FinishedUnits(kernel, units) : undefined;
  return units.map((unit, i) => {
    const { status, gasUsed, blockGasUsed, error, output, logs, createdAddress, frameOutOfGas } = readOutcome(
      kernel,
      unit,
    );
    return {
      status,
      gasUsed,
      maxGasUsed: blockGasUsed,
      output,
      frameOutOfGas,
      engine: traced || isUnsupported(kernel, unit) ? FALLBACK_ENGINE : engine,
      logs: decodeLogs(logs),
      ...(error === undefined ? {} : { error }),
      ...(createdAddress === undefined ? {} : { createdAddress }),
      ...(sets === undefined ? {} : { reads: sets.reads(i), writes: sets.writes(i) }),
    };
  });
}
