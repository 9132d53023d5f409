// Work that may have to wait, and mostly need not: a generator that yields the promises it waits for, where an async function awaits them. What waits for
// nothing is done at once, without a promise. PERF: a promise and the turn of the microtask queue that comes with it are as much as a small
// call costs otherwise; under node:test, which follows every promise until it is collected, ten times as much.

/** What is waited for is yielded: `yield* wait(promise)`. Steps in steps: `yield* steps`. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** What a value, or a promise, comes to. */
export function* wait<T>(value: T | Promise<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Begins at once. A promise only when there is something to wait for, or when it fails: it never throws. */
export function atOnce<T>(steps: Steps<T>): T | Promise<T> {
  try {
    const { done, value } = steps.next();
    return done === true ? value : goOn(steps, value);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** As an async function: begins at once, and always gives a promise. */
export async function promised<T>(steps: Steps<T>): Promise<T> {
  return atOnce(steps);
}

async function goOn<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  for (let waiting = first; ; ) {
    let step: IteratorResult<Promise<unknown>, T>;
    try {
      const value = await waiting;
      step = steps.next(value);
    } catch (error) {
      // What the steps themselves have thrown goes through: they are over.
      step = steps.throw(error);
    }
    if (step.done === true) return step.value;
    waiting = step.value;
  }
}
