// What earlier blocks taught: which locations a call of (contract, selector) nearly always writes that other transactions of the
// block write too. A pool's reserves are such locations, and the nonce of a contract that creates others; a token's balances are not,
// although some of them are written often.

import { bytesToHex } from "@braid/primitives";

/** 4,096 functions with at most 16 locations each: a few megabytes, and more than a day's popular ones. */
const MAX_FUNCTIONS = 4_096;
const MAX_LOCATIONS = 16;
/** A wrong expectation makes a transaction wait for nothing, so only what holds for three calls of four is expected. */
const MIN_SHARE = 0.75;
const MIN_CALLS = 2;

export interface HintLocation {
  address: Uint8Array;
  /** undefined: the account's nonce. */
  slot: Uint8Array | undefined;
}

/** Equal for equal locations. */
export function locationId({ address, slot }: HintLocation): string {
  return slot === undefined ? bytesToHex(address) : bytesToHex(address) + bytesToHex(slot);
}

/** A storage slot, or the nonce of an account that creates contracts, that more than one unit wrote. */
export interface ContendedLocation {
  address: Uint8Array;
  /** undefined: the nonce. */
  slot: Uint8Array | undefined;
  /** The units that wrote it, ascending. */
  units: number[];
}

interface LearnedLocation extends HintLocation {
  /** Calls of the function that wrote it. */
  writes: number;
}

interface LearnedFunction {
  calls: number;
  locations: Map<string, LearnedLocation>;
}

export class HintMemory {
  /** In order of the last use; the oldest goes first. */
  readonly #functions = new Map<string, LearnedFunction>();

  get isEmpty(): boolean {
    return this.#functions.size === 0;
  }

  /** The locations that this function is expected to write, and others with it. */
  expect(key: string): HintLocation[] {
    const known = this.#functions.get(key);
    if (known === undefined || known.calls < MIN_CALLS) return [];
    return [...known.locations.values()].filter(({ writes }) => writes >= MIN_SHARE * known.calls);
  }

  /** Learns from a block: `keys[i]` is the function that transaction i calls. */
  learn(contended: ContendedLocation[], keys: (string | undefined)[]): void {
    const calls = new Map<string, number>();
    for (const key of keys) if (key !== undefined) calls.set(key, (calls.get(key) ?? 0) + 1);
    const touched = new Set<string>();
    for (const { address, slot, units } of contended) {
      const id = locationId({ address, slot });
      for (const unit of units) {
        const key = keys[unit - 1];
        if (key === undefined) continue;
        touched.add(key);
        this.#count(key, id, { address, slot });
      }
    }
    // Functions that were called without contention are only of interest when they had some before.
    for (const [key, count] of calls) {
      const known = this.#functions.get(key);
      if (known !== undefined) known.calls += count;
    }
    for (const key of touched) this.#renew(key);
  }

  #count(key: string, id: string, location: HintLocation): void {
    let known = this.#functions.get(key);
    if (known === undefined) {
      known = { calls: 0, locations: new Map() };
      this.#functions.set(key, known);
    }
    const learned = known.locations.get(id);
    if (learned !== undefined) learned.writes++;
    else if (known.locations.size < MAX_LOCATIONS) known.locations.set(id, { ...location, writes: 1 });
  }

  /** Puts a function at the end of the line, and forgets the first ones beyond the limit. */
  #renew(key: string): void {
    const known = this.#functions.get(key);
    if (known === undefined) return;
    this.#functions.delete(key);
    this.#functions.set(key, known);
    for (const oldest of this.#functions.keys()) {
      if (this.#functions.size <= MAX_FUNCTIONS) return;
      this.#functions.delete(oldest);
    }
  }
}
