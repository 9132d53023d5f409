// Where an executor's calls run: most are done on the caller's thread before another one has been woken. What takes long, and what comes
// while many wait, goes to threads.

import { type Steps, wait } from "@braid/primitives";
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
import { CALL_ARENAS, Lane, type LaneOptions, Lanes } from "./lane.ts";
import { Turns } from "./pool/turns.ts";
import { withinTime } from "./pool/within-time.ts";

/** Milliseconds that a call may run on the caller's thread, unless it was asked for: some million gas of ordinary code. */
const INLINE_MS = 8;
/** The same while no thread is ready: starting one takes much longer than a call whose code V8 has not seen before. */
const COLD_INLINE_MS = 250;
/** Who would wait for so many others on the caller's thread takes another one, if there are any by then. */
const MANY = 16;
/** Milliseconds that a call may run on the thread that is kept for those that do not take much longer than others. */
const SHORT_MS = 100;

export class Calls {
  readonly #workers: number;
  readonly #lanes: LaneOptions;
  #lane: Lane | undefined;
  /** Whole blocks take longer: calls do not wait for them. */
  readonly #blocks: Lanes;
  /** So do calls that somebody traces. */
  readonly #traced: Lanes;
  #threads: CallThreads | undefined;
  /** As many calls of any length as there are threads, but for one: there those have their turns that are done soon. */
  readonly #long: Turns;
  readonly #short = new Turns();

  /**
   * @param workers threads, from the first call on that needs one; 0: all calls run on the caller's thread.
   * @param engine the name of the engine that runs them, where nobody looks on.
   */
  constructor(workers: number, engine: string) {
    this.#workers = workers;
    this.#lanes = { ...CALL_ARENAS, engine };
    this.#blocks = new Lanes(this.#lanes);
    this.#traced = new Lanes(this.#lanes);
    this.#long = new Turns(workers);
  }

  /** See Executor.call. */
  *run(input: CallInput): Steps<CallResult[]> {
    const job = prepareCall(input);
    if (input.tracer !== undefined)
      return yield* this.#traced.run(
        input.signal,
        (lane) => callWith(lane, job, input.source, input),
        input.payer,
      );
    if (this.#workers === 0 || input.thread === "caller") return yield* this.#runHere(job, input);
    if (input.thread === "worker") return yield* this.#runOnThread(job, input);
    return yield* this.#runWhereItPays(job, input);
  }

  /** See Executor.simulate. */
  simulate(input: SimulateInput): Steps<SimulatedBlock> {
    return this.#blocks.run(input.signal, (resources) => simulateWith(resources, input), input.payer);
  }

  *#runWhereItPays(job: CallJob, input: CallInput): Steps<CallResult[]> {
    const { timeLimitMs } = job;
    const begin = performance.now();
    const isCrowded = (this.#lane?.ahead(input.payer) ?? 0) >= MANY;
    if (isCrowded && this.#startThreads().areReady) return yield* this.#runOnThread(job, input);
    for (const most of [INLINE_MS, COLD_INLINE_MS]) {
      try {
        const runLimitMs = Math.min(most, timeLimitMs ?? most);
        return yield* this.#runHere({ ...job, runLimitMs }, input);
      } catch (error) {
        if (!isTimeLimit(error)) throw error;
      }
      if (this.#startThreads().areReady) break;
    }
    if (timeLimitMs === undefined) return yield* this.#runOnThread(job, input);
    const left = timeLimitMs - (performance.now() - begin);
    if (left <= 0) throw timeLimitError(timeLimitMs);
    try {
      return yield* this.#runOnThread({ ...job, timeLimitMs: left, runLimitMs: left }, input);
    } catch (error) {
      throw isTimeLimit(error) ? timeLimitError(timeLimitMs) : error;
    }
  }

  #runHere(job: CallJob, input: CallInput): Steps<CallResult[]> {
    this.#lane ??= new Lane(this.#lanes);
    return this.#lane.run(
      input.signal,
      (resources) => callWith(resources, job, input.source, input),
      input.payer,
    );
  }

  /** Waiting for a thread is part of the time that a call may take. */
  *#runOnThread(job: CallJob, { source, signal, payer }: CallInput): Steps<CallResult[]> {
    const threads = this.#startThreads();
    const begin = performance.now();
    const { timeLimitMs = Number.POSITIVE_INFINITY, runLimitMs = timeLimitMs } = job;
    const leftMs = (): number => Math.min(runLimitMs, timeLimitMs - (performance.now() - begin));
    try {
      return yield* withinTime(job.timeLimitMs, signal, (limited) => {
        const run = (most: number): Steps<CallResult[]> => {
          const limit = Math.max(1, Math.min(most, leftMs()));
          const limits = limit === Number.POSITIVE_INFINITY ? {} : { runLimitMs: limit };
          return wait(threads.run({ ...job, ...limits }, source, { signal: limited, payer }));
        };
        return this.#runInTurn(run, () => leftMs() > 0, { signal: limited, payer });
      });
    } catch (error) {
      throw isTimeLimit(error) && job.timeLimitMs !== undefined ? timeLimitError(job.timeLimitMs) : error;
    }
  }

  /** @param run with milliseconds that it may take at most. */
  *#runInTurn(
    run: (most: number) => Steps<CallResult[]>,
    hasTime: () => boolean,
    { signal, payer }: Pick<CallInput, "signal" | "payer">,
  ): Steps<CallResult[]> {
    if (!this.#long.hasRoom) {
      try {
        return yield* this.#short.run(signal, () => run(SHORT_MS), payer);
      } catch (error) {
        if (!isTimeLimit(error) || !hasTime()) throw error;
      }
    }
    return yield* this.#long.run(signal, () => run(Number.POSITIVE_INFINITY), payer);
  }

  #startThreads(): CallThreads {
    this.#threads ??= new CallThreads(this.#workers + 1, this.#lanes.engine);
    return this.#threads;
  }

  /** When all that was begun on the caller's thread has ended. */
  async close(): Promise<void> {
    await Promise.all([this.#lane?.idle(), this.#blocks.idle(), this.#traced.idle()]);
    await this.#threads?.destroy();
  }
}
