// For tests of what must never hang: a deadline of its own says so, where a test's time limit would not say what hangs.

/** Below the time limit of a test; on a busy machine threads take seconds to start. */
const DEADLINE_MS = 45_000;

/** What the promise gives; throws when nothing comes of it in far more time than it can need. */
export async function inTime<T>(promise: Promise<T>, what = "the block"): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs: nothing in ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, hang]);
  } finally {
    clearTimeout(timer);
  }
}
