// The executor: one shared kernel and one worker pool, reused from block to block. The way of a block is in execute-block.ts.

import { availableParallelism } from "node:os";
import { Kernel, type KernelOptions } from "@braid/kernel";
import { promised, type Steps } from "@braid/primitives";
import { MemoryStateSource } from "@braid/state";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import type { CallInput, SimulateInput } from "./block/call-input.ts";
import { checkWorkers } from "./block/check-input.ts";
import type { CallResult, SimulatedBlock } from "./call.ts";
import { Calls } from "./calls.ts";
import { ENGINES, engineName } from "./engines/registry.ts";
import { ExecutionError } from "./errors.ts";
import {
  buildBlockWith,
  type ExecutorResources,
  executeBlockWith,
  type TraceInput,
  traceWith,
} from "./execute-block.ts";
import { HintMemory } from "./hints/hint-memory.ts";
import { Lanes } from "./lane.ts";
import { InlinePool } from "./pool/inline-pool.ts";
import { Turns } from "./pool/turns.ts";
import { threadInstances, WorkerThreads } from "./pool/worker-threads.ts";
import type { BlockResult, BuiltBlock, TracedTransaction } from "./result/block-result.ts";
import { FlatCache } from "./state/flat-cache.ts";
import { REHEARSED_FORKS, rehearsalBlock } from "./warm-up/rehearsal-block.ts";

export interface ExecutorOptions {
  /** Worker threads; default: one for each core. 0: blocks run on the caller's thread. */
  workers?: number;
  /** Bytes for what one block needs: versions, read and write sets, outcomes. */
  blockArenaBytes?: number;
  /** Bytes for the cached parent state. */
  stateArenaBytes?: number;
  /**
   * Nobody waits beside who asks, as in a test: blocks of few transactions and calls stay on the caller's thread for as long as they take, and the
   * workers start with the first block that is for them. Default: they start at once, and what takes long goes to them.
   */
  singleClient?: boolean;
  /** The workers start with the first block that is for them, which waits for them: each has a heap of its own, and a node may never need one. Default: at once. */
  lazyWorkers?: boolean;
  /**
   * The name of the engine, one of ENGINE_NAMES, that runs blocks that name none, and calls. What it does not support, and what is traced, runs on
   * ethereumjs all the same. Default: DEFAULT_ENGINE.
   */
  engine?: string;
}

const MAX_WORKERS = 64;
/** Transactions of a rehearsal for each worker: a function must be called some times before V8 takes notes. */
const REHEARSALS_PER_WORKER = 6;

export class Executor {
  /** Worker threads; 0 when blocks run on the caller's thread. */
  readonly workers: number;
  readonly singleClient: boolean;
  /** The name of the engine that runs blocks that name none, and calls. */
  readonly engine: string;
  readonly #resources: ExecutorResources;
  /** Where traces run. */
  readonly #beside: Lanes;
  readonly #calls: Calls;
  /** Blocks run one after the other: they share the kernel. */
  readonly #turns = new Turns();
  #closed = false;
  /** Ends a warm-up that is under way. */
  readonly #closing = new AbortController();

  /** Starts the workers, unless they are to start late. Throws KernelOptionsError when the arenas exceed a 32-bit address space, WorkerStartError when no thread can be had, ExecutionError BRAID_ENGINE_UNKNOWN, InvalidInputError. */
  constructor(options: ExecutorOptions = {}) {
    checkWorkers(options.workers);
    const engine = engineName(options.engine, ENGINES);
    this.engine = engine;
    this.workers = Math.min(MAX_WORKERS, Math.max(0, options.workers ?? availableParallelism()));
    const { blockArenaBytes, stateArenaBytes } = options;
    const arenas: Pick<KernelOptions, "blockArenaBytes" | "stateArenaBytes"> = {
      ...(blockArenaBytes === undefined ? {} : { blockArenaBytes }),
      ...(stateArenaBytes === undefined ? {} : { stateArenaBytes }),
    };
    this.#beside = new Lanes({ ...arenas, engine });
    this.singleClient = options.singleClient === true;
    this.#calls = new Calls(this.singleClient ? 0 : this.workers, engine);
    const kernel = Kernel.create({ maxWorkers: threadInstances(this.workers) + 1, ...arenas });
    // The threads take the instances from 1 on.
    const inline = new InlinePool(Kernel.attach(kernel.shared, kernel.shared.maxWorkers), ENGINES);
    const threads = this.workers === 0 ? undefined : new WorkerThreads(kernel, this.workers);
    if (!this.singleClient && options.lazyWorkers !== true) threads?.start();
    this.#resources = {
      kernel,
      inline,
      cache: new FlatCache(kernel),
      hints: new HintMemory(),
      pool: threads ?? inline,
      singleClient: this.singleClient,
      workers: this.workers,
      engine,
      engines: ENGINES,
    };
  }

  /**
   * Executes a block on the state before it.
   *
   * @throws InvalidTransactionError, InvalidBlockError when the block breaks a rule of its fork; InvalidInputError; what the state source
   *   throws, when a read fails; ArenaExhaustedError when the block does not fit in memory; WorkerStartError when no thread can be
   *   started; ExecutionError when it is cancelled, the source is wrong or silent, or execution itself breaks.
   */
  executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
    return promised(this.#enqueue(input, executeBlockWith));
  }

  /**
   * Builds a block: `block.transactions` are candidates, executed in order and in parallel like those of a given block. One that cannot be part
   * of the block (its nonce, funds, fees, signature, or what gas and blobs the block has left) is left out, with the error that it would be
   * rejected with; the others go on without it. The header's fields that execution determines (roots, gas used, bloom) are not looked at.
   * The result is that of executing the included ones.
   *
   * @throws as executeBlock, but never InvalidTransactionError.
   */
  buildBlock(input: ExecuteBlockInput): Promise<BuiltBlock> {
    return promised(this.buildSteps(input));
  }

  /** As `buildBlock`, for who goes on at once where nothing has to be waited for (see Steps). */
  buildSteps(input: ExecuteBlockInput): Steps<BuiltBlock> {
    return this.#enqueue(input, buildBlockWith);
  }

  /**
   * Executes a block's transactions in order, up to the last one of interest, with tracers looking on: any that follow the step events of
   * ethereumjs's EVM. It goes on beside blocks, on the caller's thread, with a cache of its own. Gives the transactions that were executed.
   * A block that does not fit into the arenas at first is run again, with new tracers.
   *
   * @throws as executeBlock, and what a tracer throws.
   */
  trace(input: TraceInput): Promise<TracedTransaction[]> {
    if (this.#closed) return Promise.reject(closedError());
    return promised(this.#beside.run(input.signal, (resources) => traceWith(resources, input), input.payer));
  }

  /**
   * Runs messages on a state, one after the other, each on what those before it have changed: calls as eth_call has them, or whole simulated
   * transactions. They leave nothing behind. They go on beside blocks, on the caller's thread or, when they take long, on one of their own, with a
   * cache of their own, which follows the state from block to block.
   *
   * @throws InvalidTransactionError for a message that cannot run (gas below its intrinsic gas, funds; with `validate` whatever a block would
   *   reject), with its index; the state source's own error when a read fails; ExecutionError when it is cancelled or execution breaks.
   */
  call(input: CallInput): Promise<CallResult[]> {
    return promised(this.callSteps(input));
  }

  /** As `call`, for who goes on at once where nothing has to be waited for (see Steps). */
  *callSteps(input: CallInput): Steps<CallResult[]> {
    if (this.#closed) throw closedError();
    return yield* this.#calls.run(input);
  }

  /**
   * Runs messages as a block that nobody has mined: its system calls, the messages one after the other, its requests. Gives what each came to and all that
   * the block has changed. It leaves nothing behind, and goes on beside blocks, on the caller's thread.
   *
   * @throws as call; InvalidTransactionError also for a message whose gas the block does not have left.
   */
  async simulate(input: SimulateInput): Promise<SimulatedBlock> {
    if (this.#closed) throw closedError();
    return promised(this.#calls.simulate(input));
  }

  *#enqueue<Result>(
    input: ExecuteBlockInput,
    way: (resources: ExecutorResources, input: ExecuteBlockInput) => Steps<Result>,
  ): Steps<Result> {
    if (this.#closed) throw closedError();
    return yield* this.#turns.run(input.signal, () => way(this.#resources, input));
  }

  /**
   * Runs two blocks of its own that have a bit of everything, so that the first real ones find code loaded and compiled. Without it they are as
   * right, and slower. Blocks that are given meanwhile wait for it, and `close` cuts it short. PERF: 0.2 s of processor time, which the first
   * ten large blocks make up for several times; a single one does not.
   *
   * @throws as executeBlock: WorkerStartError when no thread can be started; ExecutionError when the executor was closed before.
   */
  async warmUp(): Promise<void> {
    if (this.#closed) throw closedError();
    const size = REHEARSALS_PER_WORKER * Math.max(1, this.workers);
    const { signal } = this.#closing;
    try {
      for (const fork of REHEARSED_FORKS) {
        const { block, chain, pre } = rehearsalBlock(fork, size);
        const source = MemoryStateSource.fromFlat(pre);
        // What it teaches about its own contracts helps no other block.
        await this.executeBlock({ block, chain, source, hints: false, force: true, signal });
      }
    } catch (error) {
      if (!this.#closed) throw error;
    }
  }

  /** Ends the workers, after all blocks that were given; a block's signal ends it sooner. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.abort();
    await Promise.all([this.#turns.idle(), this.#beside.idle(), this.#calls.close()]);
    await this.#resources.pool.destroy();
  }
}

function closedError(): ExecutionError {
  return new ExecutionError("BRAID_EXECUTOR_CLOSED", "The executor is closed; make a new one.");
}

let shared: Executor | undefined;

/** Executes a block on a shared executor with one worker for each core. `close` ends it. */
export function executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
  shared ??= new Executor();
  return shared.executeBlock(input);
}

/** Ends the shared executor's workers; the next executeBlock starts new ones. */
export async function close(): Promise<void> {
  const executor = shared;
  shared = undefined;
  await executor?.close();
}
