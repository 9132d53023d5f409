// How much of the node's time each client has had lately: who had least comes first. What is past counts for less and less, so that a client
// that was greedy once is one among the others again after a while.

/** After so many milliseconds what a client had counts half. */
const HALF_LIFE_MS = 2_000;
/**
 * Milliseconds that a client which has just come is thought to have had, as one that has a sixth of the node all the time: else it would pay to come
 * anew for each request, and a thousand who come at once would all be served before one who was there.
 */
const NEWCOMER_MS = 500;

export class Usage {
  /** The logarithm (base 2) of what a client had, each millisecond worth the more the later it was: nothing has to be counted down. */
  readonly #levels = new WeakMap<object, number>();
  readonly #now: () => number;

  /** @param now milliseconds from any beginning on. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The lower, the earlier it is the client's turn. */
  level(client: object): number {
    let level = this.#levels.get(client);
    if (level === undefined) {
      level = Math.log2(NEWCOMER_MS) + this.#age;
      this.#levels.set(client, level);
    }
    return level;
  }

  /** The client had so many milliseconds. */
  add(client: object, milliseconds: number): void {
    const age = this.#age;
    this.#levels.set(client, Math.log2(2 ** (this.level(client) - age) + milliseconds) + age);
  }

  /** Half-lives since the beginning. */
  get #age(): number {
    return this.#now() / HALF_LIFE_MS;
  }
}
