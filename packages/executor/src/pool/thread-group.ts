// Threads that executors share, on piscina: those that ask for the same number of the same kind use the same ones. They are there from
// the first who joins to the last who leaves, and as long as they can be started; a task never waits for one that cannot.

import { Piscina } from "piscina";
import { WorkerStartError } from "../errors.ts";
import type { GivenTask } from "./task.ts";
import { type GroupTask, TASK_WAITING, TASK_WITHDRAWN, type ThreadSetup } from "./thread-side.ts";

/** Slots for each thread: one that has ended may still have its own while the one that replaces it starts. */
export const SLOTS_PER_THREAD = 2;

/** One generation of threads. */
interface Threads {
  piscina: Piscina;
  slots: Int32Array<SharedArrayBuffer>;
  loaded: Int32Array<SharedArrayBuffer>;
  /** One of them has ended. */
  ended: boolean;
  /** What one has ended with in this turn of the event loop. */
  reason: unknown;
}

/** A task that has not ended. */
interface Running {
  member: number;
  state: Int32Array<SharedArrayBuffer>;
  reject: (error: unknown) => void;
}

const groups = new Map<string, ThreadGroup>();
let lastMember = 0;

class ThreadGroup {
  readonly #file: string;
  readonly #count: number;
  readonly #members = new Set<number>();
  readonly #running = new Set<Running>();
  #threads: Threads;

  constructor(file: string, count: number) {
    this.#file = file;
    this.#count = count;
    this.#threads = this.#start();
  }

  #start(): Threads {
    const slots = new Int32Array(new SharedArrayBuffer(4 * SLOTS_PER_THREAD * this.#count));
    const loaded = new Int32Array(new SharedArrayBuffer(4));
    const setup: ThreadSetup = { slots: slots.buffer, loaded: loaded.buffer };
    const piscina = startPiscina(this.#file, this.#count, setup);
    const threads: Threads = { piscina, slots, loaded, ended: false, reason: undefined };
    // The error of a thread that has no task: without a listener it would end the process.
    piscina.on("error", (error) => noteReason(threads, error));
    piscina.on("workerDestroy", () => {
      threads.ended = true;
      // Not at once: a task that the thread had is rejected with the thread's own error first.
      setImmediate(() => {
        freeSlots(threads);
        // Piscina replaces a thread that has ended, but not one that has not even started; the tasks that wait would do so for ever.
        // When other threads have been started meanwhile, the tasks are theirs.
        if (piscina.threads.length === 0 && this.#threads === threads) this.#rejectAll(threads.reason);
      });
    });
    return threads;
  }

  #rejectAll(reason: unknown): void {
    const error =
      reason === undefined
        ? new Error("the threads have ended while they started")
        : new WorkerStartError(reason);
    for (const { reject } of this.#running) reject(error);
    this.#running.clear();
  }

  join(): number {
    const member = ++lastMember;
    this.#members.add(member);
    return member;
  }

  /** Answers whether that was the last one. */
  leave(member: number): boolean {
    this.#members.delete(member);
    if (this.#members.size === 0) return true;
    // One for each thread, where none has anything else to do; those that have learn it from their next task.
    for (let i = 0; i < this.#count; i++) this.give(member, undefined, []).end.catch(() => {});
    return false;
  }

  /** Before tasks are given: when no thread is left they start anew. */
  async prepare(): Promise<void> {
    const { piscina } = this.#threads;
    if (piscina.threads.length > 0) return;
    this.#threads = this.#start();
    await piscina.destroy();
  }

  give<Report>(member: number, task: unknown, transferList: Transferables): GivenTask<Report> {
    const threads = this.#threads;
    const state = new Int32Array(new SharedArrayBuffer(4));
    const { promise, resolve, reject } = Promise.withResolvers<Report | undefined>();
    const running: Running = { member, state, reject: (error) => reject(explain(threads, error)) };
    this.#running.add(running);
    const over = (): boolean => this.#running.delete(running);
    const message: GroupTask<unknown> = { state: state.buffer, member, members: [...this.#members], task };
    threads.piscina
      .run(message, { transferList })
      .then(resolve, (error: unknown) => {
        noteReason(threads, error);
        running.reject(error);
      })
      .finally(over);
    return {
      end: promise,
      get hasBegun() {
        return Atomics.load(state, 0) > TASK_WAITING;
      },
      withdraw: () => {
        if (Atomics.compareExchange(state, 0, TASK_WAITING, TASK_WITHDRAWN) !== TASK_WAITING) return false;
        over();
        resolve(undefined);
        return true;
      },
    };
  }

  /** One has loaded all that it needs. */
  get areReady(): boolean {
    return Atomics.load(this.#threads.loaded, 0) > 0;
  }

  /** Every thread is busy with somebody else's task. */
  isTakenByOthers(member: number): boolean {
    const others = [...this.#running].filter(
      (running) => running.member !== member && Atomics.load(running.state, 0) > TASK_WAITING,
    );
    return others.length > 0 && others.length >= this.#threads.piscina.threads.length;
  }

  async destroy(): Promise<void> {
    await this.#threads.piscina.destroy();
  }
}

type Transferables = NonNullable<NonNullable<Parameters<Piscina["run"]>[1]>["transferList"]>;

/** An executor's part in a group. */
export class ThreadMember {
  readonly #key: string;
  readonly #group: ThreadGroup;
  readonly #member: number;

  /** @param file of the worker. Starts the threads if nobody has. Throws WorkerStartError. */
  constructor(file: string, count: number) {
    this.#key = `${count} ${file}`;
    this.#group = groups.get(this.#key) ?? new ThreadGroup(file, count);
    groups.set(this.#key, this.#group);
    this.#member = this.#group.join();
  }

  prepare(): Promise<void> {
    return this.#group.prepare();
  }

  /** Gives a task to the thread that is free first. */
  give<Report>(task: object, transferList: Transferables): GivenTask<Report> {
    return this.#group.give(this.#member, task, transferList);
  }

  get areReady(): boolean {
    return this.#group.areReady;
  }

  get isShutOut(): boolean {
    return this.#group.isTakenByOthers(this.#member);
  }

  /** When all tasks have ended. The last one to leave ends the threads. */
  async leave(): Promise<void> {
    if (!this.#group.leave(this.#member)) return;
    if (groups.get(this.#key) === this.#group) groups.delete(this.#key);
    await this.#group.destroy();
  }
}

function noteReason(threads: Threads, reason: unknown): void {
  threads.reason = reason;
  setImmediate(() => {
    threads.reason = undefined;
  });
}

/** Those of threads that are no more. */
function freeSlots({ piscina, slots }: Threads): void {
  const living = new Set(piscina.threads.map(({ threadId }) => threadId));
  for (let i = 0; i < slots.length; i++) {
    const owner = Atomics.load(slots, i);
    if (owner !== 0 && !living.has(owner)) Atomics.store(slots, i, 0);
  }
}

/** The death of a thread before any has loaded what it needs is none of the task's. */
function explain({ ended, loaded }: Threads, error: unknown): unknown {
  if (error instanceof WorkerStartError || !ended || Atomics.load(loaded, 0) > 0) return error;
  return new WorkerStartError(error);
}

function startPiscina(filename: string, threads: number, setup: ThreadSetup): Piscina {
  try {
    return new Piscina({
      filename,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      stricterFIFO: true,
      workerData: setup,
    });
  } catch (error) {
    throw new WorkerStartError(error);
  }
}
