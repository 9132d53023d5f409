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
import { Turns } from "./pool/turns.ts";
import { withinTime } from "./pool/within-time.ts";

/** Milliseconds that a call may run on the caller's thread, unless it was asked for: some million gas of ordinary code. */
const INLINE_MS = 8;
/** The same while no thread is ready: starting one takes much longer than a call whose code V8 has not seen before. */
const COLD_INLINE_MS = 250;
/** With so many waiting for the caller's thread the others take threads, if there are any by then. */
const MANY = 16;
/** Milliseconds that a call may run on the thread that is kept for those that do not take much longer than others. */
const SHORT_MS = 250;

export class Calls {
  readonly #workers: number;
  #lane: Lane | undefined;
  /** Whole blocks take longer: calls do not wait for them. */
  #blocks: Lane | undefined;
  /** So do calls that somebody traces. */
  #traced: Lane | undefined;
  #threads: CallThreads | undefined;
  /** Calls that have not ended on the caller's thread. */
  #here = 0;
  /** As many calls of any length as there are threads, but for one: there those have their turns that are done soon. */
  readonly #long: Turns;
  readonly #short = new Turns();

  /** @param workers threads, from the first call on that needs one; 0: all calls run on the caller's thread. */
  constructor(workers: number) {
    this.#workers = workers;
    this.#long = new Turns(workers);
  }

  /** See Executor.call. */
  async run(input: CallInput): Promise<CallResult[]> {
    const job = prepareCall(input);
    if (input.tracer !== undefined) {
      this.#traced ??= new Lane(CALL_ARENAS);
      return this.#traced.run(
        input.signal,
        (lane) => callWith(lane, job, input.source, input),
        input.priority,
      );
    }
    if (this.#workers === 0 || input.thread === "caller") return this.#runHere(job, input);
    if (input.thread === "worker") return this.#runOnThread(job, input);
    return this.#runWhereItPays(job, input);
  }

  /** See Executor.simulate. */
  simulate(input: SimulateInput): Promise<SimulatedBlock> {
    this.#blocks ??= new Lane(CALL_ARENAS);
    return this.#blocks.run(input.signal, (resources) => simulateWith(resources, input), input.priority);
  }

  async #runWhereItPays(job: CallJob, input: CallInput): Promise<CallResult[]> {
    const { timeLimitMs } = job;
    const begin = performance.now();
    if (this.#here >= MANY && this.#startThreads().areReady) return this.#runOnThread(job, input);
    for (const most of [INLINE_MS, COLD_INLINE_MS]) {
      try {
        const runLimitMs = Math.min(most, timeLimitMs ?? most);
        return await this.#runHere({ ...job, runLimitMs }, input);
      } catch (error) {
        if (!isTimeLimit(error)) throw error;
      }
      if (this.#startThreads().areReady) break;
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
      return await this.#lane.run(
        input.signal,
        (resources) => callWith(resources, job, input.source, input),
        input.priority,
      );
    } finally {
      this.#here--;
    }
  }

  /** Waiting for a thread is part of the time that a call may take. */
  #runOnThread(job: CallJob, input: CallInput): Promise<CallResult[]> {
    const threads = this.#startThreads();
    const { source, priority } = input;
    input.onMove?.();
    return withinTime(job.timeLimitMs, input.signal, async (signal) => {
      const { runLimitMs = Number.POSITIVE_INFINITY } = job;
      if (!this.#long.hasRoom) {
        const short = { ...job, runLimitMs: Math.min(SHORT_MS, runLimitMs) };
        try {
          return await this.#short.run(signal, () => threads.run(short, source, signal), priority);
        } catch (error) {
          if (!isTimeLimit(error) || runLimitMs <= SHORT_MS) throw error;
        }
      }
      return this.#long.run(signal, () => threads.run(job, source, signal), priority);
    });
  }

  #startThreads(): CallThreads {
    this.#threads ??= new CallThreads(this.#workers + 1);
    return this.#threads;
  }

  /** When all that was begun on the caller's thread has ended. */
  async close(): Promise<void> {
    await Promise.all([this.#lane?.idle(), this.#blocks?.idle(), this.#traced?.idle()]);
    await this.#threads?.destroy();
  }
}
