// How much of the node's time each client has had lately, and all clients together that come from one place: who had least comes first. What is
// past counts for less and less, so that a client that was greedy once is one among the others again after a while.

import type { Payer } from "@braid/primitives";

/** After so many milliseconds what a client had counts half. */
const HALF_LIFE_MS = 2_000;
/**
 * Milliseconds that a client which has just come is thought to have had, as one that has a sixth of the node all the time: else it would pay to come
 * anew for each request, and a thousand who come at once would all be served before one who was there.
 */
const NEWCOMER_MS = 500;
/** Places that are remembered; beyond, the one that was looked up longest ago goes. */
const MOST_PLACES = 10_000;

/** The logarithm (base 2) of what somebody had, each millisecond worth the more the later it was: nothing has to be counted down. */
class Level {
  readonly #age: () => number;
  value: number;

  /** @param age half-lives since the beginning. */
  constructor(age: () => number) {
    this.#age = age;
    this.value = Math.log2(NEWCOMER_MS) + age();
  }

  add(milliseconds: number): void {
    const age = this.#age();
    this.value = Math.log2(2 ** (this.value - age) + milliseconds) + age;
  }
}

class Client implements Payer {
  readonly #own: Level;
  readonly #place: Level;

  constructor(own: Level, place: Level) {
    this.#own = own;
    this.#place = place;
  }

  get level(): number {
    return this.#own.value;
  }

  get placeLevel(): number {
    return this.#place.value;
  }

  charge(milliseconds: number): void {
    this.#own.add(milliseconds);
    if (this.#place !== this.#own) this.#place.add(milliseconds);
  }
}

export class Usage {
  readonly #clients = new WeakMap<object, Client>();
  readonly #places = new Map<string, Level>();
  readonly #age: () => number;

  /** @param now milliseconds from any beginning on. */
  constructor(now: () => number = () => performance.now()) {
    this.#age = () => now() / HALF_LIFE_MS;
  }

  /** What a client pays with. One without a place is a place of its own. */
  of(client: { readonly place?: string | undefined }): Payer {
    let payer = this.#clients.get(client);
    if (payer === undefined) {
      const own = new Level(this.#age);
      payer = new Client(own, client.place === undefined ? own : this.#levelOf(client.place));
      this.#clients.set(client, payer);
    }
    return payer;
  }

  #levelOf(place: string): Level {
    const level = this.#places.get(place) ?? new Level(this.#age);
    // To the end of the line.
    this.#places.delete(place);
    this.#places.set(place, level);
    const [oldest] = this.#places.keys();
    if (oldest !== undefined && this.#places.size > MOST_PLACES) this.#places.delete(oldest);
    return level;
  }
}
