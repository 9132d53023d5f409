// Where an executor's calls run: most are done on the caller's thread before another one has been woken. What takes long, and what comes
// while many wait, goes to threads.

import type { CallInput, SimulateInput } from "./block/call-input.ts";
import {
  type CallJob,
  type CallResult,
  callWith,
  prepareCall,
  type SimulatedBlock,
  simulateWith,
} from "./call.ts";
import { CallThreads } from "./call-threads.ts";
import { isTimeLimit, timeLimitError } from "./errors.ts";
import { CALL_ARENAS, Lane } from "./lane.ts";

/** Milliseconds that a call may run on the caller's thread, unless it was asked for: some million gas of ordinary code. */
const INLINE_MS = 8;
/** With so many waiting for the caller's thread the others take threads, if there are any by then. */
const MANY = 16;

export class Calls {
  readonly #workers: number;
  #lane: Lane | undefined;
  /** Whole blocks take longer: calls do not wait for them. */
  #blocks: Lane | undefined;
  #threads: CallThreads | undefined;
  /** Calls that have not ended on the caller's thread. */
  #here = 0;

  /** @param workers threads, from the first call on that needs one; 0: all calls run on the caller's thread. */
  constructor(workers: number) {
    this.#workers = workers;
  }

  /** See Executor.call. */
  async run(input: CallInput): Promise<CallResult[]> {
    const job = prepareCall(input);
    if (this.#workers === 0 || input.thread === "caller" || input.tracer !== undefined)
      return this.#runHere(job, input);
    if (input.thread === "worker") return this.#runOnThread(job, input);
    return this.#runWhereItPays(job, input);
  }

  /** See Executor.simulate. */
  simulate(input: SimulateInput): Promise<SimulatedBlock> {
    this.#blocks ??= new Lane(CALL_ARENAS);
    return this.#blocks.run(input.signal, (resources) => simulateWith(resources, input));
  }

  async #runWhereItPays(job: CallJob, input: CallInput): Promise<CallResult[]> {
    const { timeLimitMs } = job;
    const begin = performance.now();
    if (this.#here >= MANY) {
      this.#threads ??= new CallThreads(this.#workers);
      if (this.#threads.areReady) return this.#runOnThread(job, input);
    }
    try {
      const runLimitMs = Math.min(INLINE_MS, timeLimitMs ?? INLINE_MS);
      return await this.#runHere({ ...job, runLimitMs }, input);
    } catch (error) {
      if (!isTimeLimit(error)) throw error;
    }
    if (timeLimitMs === undefined) return this.#runOnThread(job, input);
    const left = timeLimitMs - (performance.now() - begin);
    if (left <= 0) throw timeLimitError(timeLimitMs);
    try {
      return await this.#runOnThread({ ...job, timeLimitMs: left, runLimitMs: left }, input);
    } catch (error) {
      throw isTimeLimit(error) ? timeLimitError(timeLimitMs) : error;
    }
  }

  async #runHere(job: CallJob, input: CallInput): Promise<CallResult[]> {
    this.#lane ??= new Lane(CALL_ARENAS);
    this.#here++;
    try {
      return await this.#lane.run(input.signal, (resources) => callWith(resources, job, input.source, input));
    } finally {
      this.#here--;
    }
  }

  #runOnThread(job: CallJob, input: CallInput): Promise<CallResult[]> {
    this.#threads ??= new CallThreads(this.#workers);
    return this.#threads.run(job, input.source, input.signal);
  }

  /** When all that was begun on the caller's thread has ended. */
  async close(): Promise<void> {
    await Promise.all([this.#lane?.idle(), this.#blocks?.idle()]);
    await this.#threads?.destroy();
  }
}
