// One action after the other.

export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `action` when all that were given before it have ended. */
  run<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action);
    this.#last = result.catch(() => {});
    return result;
  }
}
