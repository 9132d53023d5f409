// The way of a block: read `executeBlockWith` from top to bottom.

import { ArenaExhaustedError, HEAD_ONLY, type Kernel } from "@braid/kernel";
import { type Payer, type Steps, wait } from "@braid/primitives";
import { chainOf, type ForkRules } from "@braid/protocol";
import { DEFAULT_READ_TIMEOUT_MS, type ExecuteBlockInput, type ExecutionMode } from "./block/block-input.ts";
import { checkInput, checkTimeLimit } from "./block/check-input.ts";
import { type TracerOf, withTracers } from "./block/guard-tracers.ts";
import { type PreparedBlock, prepareBlock } from "./block/prepare-block.ts";
import { readBlock } from "./block/read-block.ts";
import { type EngineRegistry, engineName, FALLBACK_ENGINE } from "./engines/registry.ts";
import { Foresight } from "./hints/foresight.ts";
import type { HintMemory } from "./hints/hint-memory.ts";
import { hintOptions } from "./hints/hint-options.ts";
import { placeAccessList, prefetchAccessList } from "./hints/place-access-list.ts";
import { prefetch } from "./hints/prefetch.ts";
import { type RunInput, type RunReport, runBlock } from "./pool/block-run.ts";
import { throwIfCancelled, unlessCancelled } from "./pool/cancel.ts";
import { watchProgress } from "./pool/progress.ts";
import type { CallersPool, TaskPool } from "./pool/task.ts";
import { withinTime } from "./pool/within-time.ts";
import { putEncodings } from "./records/lay-out-transaction.ts";
import { type AssembledResult, assembleResult, readTransactions } from "./result/assemble-result.ts";
import type { BlockResult, BuiltBlock, TracedTransaction } from "./result/block-result.ts";
import { blockStatistics, type PhaseTimes } from "./result/statistics.ts";
import type { FlatCache } from "./state/flat-cache.ts";
import { StateReader } from "./state/state-reader.ts";

/** Below this many transactions a block runs in order: see bench/README.md, "Small blocks". */
export const MIN_PARALLEL_TRANSACTIONS = 10;
/** Such a block runs on the caller's thread unless its header says that it takes more gas: some milliseconds. */
const MAX_INLINE_GAS = 2_000_000n;
/** Milliseconds after which a worker goes on with it: no header is to be trusted, and that of a block that is being built says nothing yet. */
const INLINE_MS = 8;
/** The same while no thread is ready: starting one takes much longer than a block whose code V8 has not seen before. */
const COLD_INLINE_MS = 250;
/** Speculation stops when twice as many incarnations were in vain as the block has units, and this many. Waiting for what is foreseen counts, and costs little. */
const SOLO_ALLOWANCE = 32;

const NO_LIMIT = 0xffff_ffff;

/** What an executor keeps from block to block. */
export interface ExecutorResources {
  kernel: Kernel;
  cache: FlatCache;
  hints: HintMemory;
  pool: TaskPool;
  /** Runs blocks without workers. */
  inline: CallersPool;
  /** Threads of the pool. */
  workers: number;
  /** See ExecutorOptions. */
  singleClient: boolean;
  /** The engine that runs blocks and calls that name none. */
  engine: string;
  /** The engines that the pool's workers have. */
  engines: EngineRegistry;
}

/** A block on its way. */
interface Job extends PreparedBlock {
  encodings: readonly Uint8Array[];
  tracing: RunInput["tracing"];
  /** The transactions are candidates: see EngineBlock. */
  building: boolean;
  /** As the header has it, which may be wrong. */
  gasUsed: bigint;
  foresight: Foresight;
}

/** What to trace. The block runs in order on the caller's thread, up to the last transaction that is asked for. */
export interface TraceInput
  extends Omit<ExecuteBlockInput, "mode" | "force" | "workers" | "hints" | "intermediateRoots"> {
  /** Who looks on while the transaction with this index runs; undefined when nobody does. */
  tracer: TracerOf;
  /** The last transaction that is of interest; default: the block's last. */
  last?: number;
  /** Milliseconds that the trace may take from its beginning on, the transactions before the traced ones included; see CallInput. */
  timeLimitMs?: number;
  /** See CallInput. */
  payer?: Payer | undefined;
}

/** How a block is run. */
interface Plan {
  pool: TaskPool;
  /** The engine's name. */
  engine: string;
  mode: ExecutionMode;
  workers: number;
  /** Load all that the source offers at once, instead of what is asked for. */
  preload: boolean;
  /** See RunInput. */
  inlineMs: number;
}

/** Executes a block; see Executor.executeBlock. One at a time: blocks share the kernel. */
export function* executeBlockWith(
  resources: ExecutorResources,
  input: ExecuteBlockInput,
): Steps<BlockResult> {
  return (yield* runBlockWay(resources, input, false)).result;
}

/** Builds a block; see Executor.buildBlock. */
export function* buildBlockWith(resources: ExecutorResources, input: ExecuteBlockInput): Steps<BuiltBlock> {
  const { result, included, leftOut } = yield* runBlockWay(resources, input, true);
  // Not a copy of the result: that would make its access list, which few look at.
  return Object.assign(result, { included: included(), leftOut });
}

/** Traces transactions of a block; see Executor.trace. */
export function* traceWith(
  resources: ExecutorResources,
  { tracer, last, timeLimitMs, payer, ...input }: TraceInput,
): Steps<TracedTransaction[]> {
  throwIfCancelled(input.signal);
  checkTimeLimit(timeLimitMs);
  const job = prepareJob(input, false);
  const count = job.encodings.length;
  checkInput(input, count);
  const until = Math.min(count, (last ?? count - 1) + 1) + 1;
  yield* withinTime(timeLimitMs, input.signal, (signal) =>
    withTracers(tracer, (guarded) => {
      const traced: Job = { ...job, tracing: { tracer: guarded, until, timeLimitMs, payer } };
      const limited: ExecuteBlockInput = signal === undefined ? input : { ...input, signal };
      return runOrFallBack(resources, limited, traced, planRun(resources, input, traced), phaseTimes());
    }),
  );
  return readTransactions(resources.kernel, until - 1);
}

function* runBlockWay(
  resources: ExecutorResources,
  input: ExecuteBlockInput,
  building: boolean,
): Steps<Pick<AssembledResult, "included" | "leftOut"> & { result: BlockResult }> {
  throwIfCancelled(input.signal);
  const times = phaseTimes();
  const block = prepareJob(input, building);
  checkInput(input, block.encodings.length);
  const plan = planRun(resources, input, block);
  times.prepared = performance.now();
  const report = yield* runOrFallBack(resources, input, block, plan, times);
  times.ran = performance.now();
  const { result, contended, included, leftOut } = assembleResult(resources.kernel, block, input);
  if (hintOptions(input.hints).learned) block.foresight.learn(resources.kernel, resources.hints, contended);
  times.end = performance.now();
  // Not a copy of the result: that would make its access list, which few look at.
  const withStatistics = Object.assign(result, {
    statistics: blockStatistics(resources.kernel, report, plan, contended, times),
  });
  return { result: withStatistics, included, leftOut };
}

function phaseTimes(): PhaseTimes {
  return { begin: performance.now(), prepared: 0, loaded: 0, ran: 0, end: 0 };
}

function prepareJob(input: ExecuteBlockInput, building: boolean): Job {
  const chain = chainOf(input.chain);
  const block = readBlock(input.block, chain);
  const encodings = block.transactions;
  return {
    ...prepareBlock(block, chain, input.contractSenders),
    encodings,
    building,
    gasUsed: block.header.gasUsed,
    tracing: undefined,
    foresight: new Foresight(encodings),
  };
}

function planRun(resources: ExecutorResources, input: ExecuteBlockInput, block: Job): Plan {
  // Only that one lets anybody look on.
  const wantedEngine =
    block.tracing?.tracer === undefined ? (input.engine ?? resources.engine) : FALLBACK_ENGINE;
  const engine = engineName(wantedEngine, resources.engines);
  const wanted = input.mode ?? "parallel";
  const worthwhile = input.force === true || block.encodings.length >= MIN_PARALLEL_TRANSACTIONS;
  const workers = Math.min(resources.workers, Math.max(0, input.workers ?? resources.workers));
  const pool = workers === 0 ? resources.inline : resources.pool;
  const plan: Plan = { pool, engine, mode: "parallel", workers, preload: true, inlineMs: 0 };
  const here: Plan = { ...plan, pool: resources.inline, mode: "sequential", workers: 0 };
  if (workers > 0 && wanted === "parallel" && worthwhile)
    return input.force === true || areThere(resources) ? plan : here;
  const sequential: Plan = { ...plan, mode: "sequential", workers: Math.min(workers, 1) };
  if (workers === 0 || worthwhile || input.workers !== undefined) return sequential;
  if (resources.singleClient) return here;
  if (block.gasUsed > MAX_INLINE_GAS) return sequential;
  return { ...sequential, workers: 0, inlineMs: resources.pool.areReady ? INLINE_MS : COLD_INLINE_MS };
}

/** Are there threads for a block? A single client does not wait for them: its next one will find them. */
function areThere({ pool, singleClient }: ExecutorResources): boolean {
  if (!singleClient || pool.areReady) return true;
  // Without threads all its blocks run on its own one.
  pool.prepare().catch(() => {});
  return false;
}

/** When an arena is full the block runs once more with both empty, no speculation and only the state that is asked for: that needs the least memory. */
function* runOrFallBack(
  resources: ExecutorResources,
  input: ExecuteBlockInput,
  block: Job,
  plan: Plan,
  times: PhaseTimes,
): Steps<RunReport> {
  try {
    return yield* runUnits(resources, input, block, plan, times);
  } catch (error) {
    if (!(error instanceof ArenaExhaustedError)) throw error;
    resources.cache.clear();
    const least: Plan = { ...plan, mode: "sequential", workers: Math.min(plan.workers, 1), preload: false };
    const report = yield* runUnits(resources, input, block, least, times);
    return { ...report, fallback: { reason: "arena-full", at: 0, message: error.message } };
  }
}

/** Loads the state, places the hints, and runs all units. */
function* runUnits(
  resources: ExecutorResources,
  input: ExecuteBlockInput,
  block: Job,
  plan: Plan,
  times: PhaseTimes,
): Steps<RunReport> {
  loadState(resources, input, block, plan);
  const reader = new StateReader(
    resources.cache,
    input.source,
    input.readTimeoutMs ?? DEFAULT_READ_TIMEOUT_MS,
  );
  try {
    yield* useHints(resources, input, block, plan, reader);
    times.loaded = performance.now();
    const report = yield* runLoaded(resources, input, block, plan, reader);
    if (report !== undefined) return report;
  } finally {
    // What the source has not answered yet must not touch the next block.
    reader.close();
  }
  return yield* runUnits(resources, input, block, plan, times);
}

/** Runs all units; undefined when they must be loaded and run again. */
function* runLoaded(
  { kernel, cache, inline }: ExecutorResources,
  input: ExecuteBlockInput,
  block: Job,
  plan: Plan,
  reader: StateReader,
): Steps<RunReport | undefined> {
  const { signal } = input;
  const { building, tracing } = block;
  const cacheHoldsAll = cache.holdsAll;
  const stopProgress = watchProgress(kernel, input);
  const knewHuge = kernel.hugeBalances;
  // A balance near 2^256 was loaded in mid-block: what was executed before that did not look out for credits that overflow.
  const runAgain = (): boolean => kernel.hugeBalances && !knewHuge && signal?.aborted !== true;
  try {
    const handle = cacheHoldsAll ? undefined : input.source.handle;
    const report = yield* runBlock({
      ...plan,
      inline,
      kernel,
      reader,
      handle,
      block,
      building,
      cacheHoldsAll,
      signal,
      tracing,
    });
    return runAgain() ? undefined : report;
  } catch (error) {
    if (runAgain()) return undefined;
    cache.clear();
    throw error;
  } finally {
    stopProgress();
  }
}

/** Makes the kernel ready for the block: parent state, unit table, known senders. */
function loadState(resources: ExecutorResources, input: ExecuteBlockInput, block: Job, plan: Plan): void {
  const { kernel, cache } = resources;
  const transactions = block.encodings;
  cache.attach(input.source, plan.preload);
  const units = transactions.length + 2;
  kernel.resetBlock(units);
  putEncodings(kernel, transactions);
  const fault = kernel.faultError();
  if (fault !== undefined) throw fault;
  kernel.setBlockGasLimit(block.context.gasLimit);
  if (block.building) kernel.setBuilding(blobLimit(block.context.rules));
  kernel.setSoloAfter(2 * units + SOLO_ALLOWANCE);
  kernel.setUnitFlags(units - 1, HEAD_ONLY);
  input.senders?.forEach((sender, i) => {
    if (sender !== undefined) kernel.setSender(i + 1, sender);
  });
}

/** Fetches what the block is expected to read, and places estimates where it is expected to write. */
function* useHints(
  { kernel, cache, hints }: ExecutorResources,
  input: ExecuteBlockInput,
  block: Job,
  plan: Plan,
  reader: StateReader,
): Steps<void> {
  const options = hintOptions(input.hints);
  // Of candidates nobody knows which will be in the block.
  const accessList = options.blockAccessList && !block.building ? input.accessList : undefined;
  // What the workers read themselves costs them less than it would cost the main thread before they begin.
  if (!cache.holdsAll && input.source.handle === undefined) {
    const { context, building } = block;
    if (accessList !== undefined)
      yield* wait(unlessCancelled(prefetchAccessList(reader, accessList), input.signal));
    else {
      const senders = (input.senders ?? []).filter((sender) => sender !== undefined);
      // Nobody waits for it: a unit that comes to what is on its way asks what else it will need.
      prefetch(reader, { transactions: block.encodings, context, senders, building }, hints, options);
    }
  }
  if (accessList !== undefined && plan.mode === "parallel") {
    placeAccessList(kernel, accessList, block.encodings.length + 2);
    return;
  }
  if (options.learned && plan.mode === "parallel") block.foresight.place(kernel, hints);
}

/** Blobs that a block of these rules may have (EIP-4844); before there were any, the transaction's type is what is wrong. */
function blobLimit({ eip4844, maxBlobGasPerBlock, blobGasPerBlob }: ForkRules): number {
  return eip4844 ? Number(maxBlobGasPerBlock / blobGasPerBlob) : NO_LIMIT;
}
