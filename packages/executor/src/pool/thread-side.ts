// A thread's side of a group (thread-group.ts): takes tasks of several executors, and keeps what it has for each of them from task to task.

import { setImmediate as nextTurn } from "node:timers/promises";
import { threadId, workerData } from "node:worker_threads";

/** What a thread gets once, when it starts. */
export interface ThreadSetup {
  /** 32-bit words: a thread keeps its id in one of them, whose number no other living thread has. */
  slots: SharedArrayBuffer;
  /** A 32-bit word: how many threads have loaded all that they need. */
  loaded: SharedArrayBuffer;
}

/** A task as it crosses to a thread. */
export interface GroupTask<Task> {
  /** A 32-bit word: TASK_WAITING, TASK_WITHDRAWN, or the id of the thread that has begun it. */
  state: SharedArrayBuffer;
  /** Whose it is. */
  member: number;
  /** Who has not left: what a thread keeps for others can be forgotten. */
  members: readonly number[];
  /** Undefined when there is nothing to do but forgetting. */
  task: Task | undefined;
}

export const TASK_WAITING = 0;
export const TASK_WITHDRAWN = -1;

/**
 * Piscina's threads sleep between two tasks without going back to their event loop, and that alone frees the ports of tasks that have ended: a
 * thread that never turned grew by 5 KB a task. PERF: a turn takes some microseconds.
 */
const TASKS_PER_TURN = 16;

/** What a kind of thread does. */
export interface ThreadWork<Task, Kept, Report> {
  /** For how many executors things are kept; those whose tasks are longest ago go. */
  limit: number;
  /** Makes what is kept for an executor. `slot` is a number that no other living thread of the group has. */
  make: (task: Task, slot: number) => Kept;
  run: (kept: Kept, task: Task) => Promise<Report>;
}

/** The function that a worker's file exports. Call it when everything is loaded. */
export function serveTasks<Task, Kept, Report>(
  work: ThreadWork<Task, Kept, Report>,
): (given: GroupTask<Task>) => Promise<Report | undefined> {
  const { slots, loaded } = workerData as ThreadSetup;
  const slot = takeSlot(new Int32Array(slots));
  Atomics.add(new Int32Array(loaded), 0, 1);
  let tasks = 0;
  /** In order of their last use. */
  const kept = new Map<number, Kept>();

  const keptFor = (member: number, task: Task): Kept => {
    const mine = kept.get(member) ?? work.make(task, slot);
    kept.delete(member);
    kept.set(member, mine);
    for (const oldest of kept.keys()) {
      if (kept.size <= work.limit) break;
      kept.delete(oldest);
    }
    return mine;
  };

  return async ({ state, member, members, task }) => {
    if (++tasks % TASKS_PER_TURN === 0) await nextTurn();
    for (const one of kept.keys()) if (!members.includes(one)) kept.delete(one);
    const begins = Atomics.compareExchange(new Int32Array(state), 0, TASK_WAITING, threadId) === TASK_WAITING;
    return task === undefined || !begins ? undefined : work.run(keptFor(member, task), task);
  };
}

function takeSlot(slots: Int32Array): number {
  for (let i = 0; i < slots.length; i++) if (Atomics.compareExchange(slots, i, 0, threadId) === 0) return i;
  throw new Error("more threads live than a group has");
}
