// What earlier blocks taught: which locations a call of a function (contract, selector) nearly always writes that other transactions of the
// block write too. Some are the same in every call, like a pool's reserves in the pool's own functions, or the nonce of a contract that creates
// others; some follow from the call, like the reserves of the pool that a router finds for two tokens.

import { bytesToHex } from "@braid/primitives";
import { type LocationExpression, locationExpressionId } from "./explain.ts";

/** 4,096 functions with at most 16 locations and 16 rules each: a few megabytes, and more than a day's popular ones. */
const MAX_FUNCTIONS = 4_096;
const MAX_LOCATIONS = 16;
const MAX_RULES = 16;
/** A wrong expectation makes a transaction wait for nothing, so only what holds for three calls of four is expected. */
export const MIN_SHARE = 0.75;
const MIN_CALLS = 2;
/** After so many unforeseen writes it is worth finding out what they follow from; twice as many after each time that did not help. */
const MIN_UNFORESEEN = 2;

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

/** A location that follows from the call, and how often that came true. */
export interface LearnedRule extends LocationExpression {
  expected: number;
  hits: number;
}

interface LearnedFunction {
  calls: number;
  locations: Map<string, LearnedLocation>;
  rules: Map<string, LearnedRule>;
  /** Contended writes that nothing foresaw since the last attempt to explain them. */
  unforeseen: number;
  /** How many there have to be before the next one. */
  patience: number;
}

export class HintMemory {
  /** In order of the last use; the oldest goes first. */
  readonly #functions = new Map<string, LearnedFunction>();

  get isEmpty(): boolean {
    return this.#functions.size === 0;
  }

  /** The locations that every call of this function is expected to write, and others with it. */
  expect(key: string): HintLocation[] {
    const known = this.#functions.get(key);
    if (known === undefined || known.calls < MIN_CALLS) return [];
    return [...known.locations.values()].filter(({ writes }) => writes >= MIN_SHARE * known.calls);
  }

  /** What a call of this function is expected to write besides, as it follows from the call. */
  rules(key: string): LearnedRule[] {
    const known = this.#functions.get(key);
    return known === undefined ? [] : [...known.rules.values()].filter(holds);
  }

  /** Should some calls of this function be looked at more closely? What was never seen before should. */
  isCurious(key: string): boolean {
    const known = this.#functions.get(key);
    return known === undefined || known.unforeseen >= known.patience;
  }

  /** Learns from a block: `keys[i]` is the function that transaction i calls, `isForeseen` tells what was expected. */
  learn(
    contended: ContendedLocation[],
    keys: (string | undefined)[],
    isForeseen: (id: string, unit: number) => boolean,
  ): void {
    const calls = new Map<string, number>();
    for (const key of keys) if (key !== undefined) calls.set(key, (calls.get(key) ?? 0) + 1);
    const touched = new Set<string>();
    for (const { address, slot, units } of contended) {
      const id = locationId({ address, slot });
      for (const unit of units) {
        const key = keys[unit - 1];
        if (key === undefined) continue;
        touched.add(key);
        const known = this.#function(key);
        count(known, id, { address, slot });
        if (!isForeseen(id, unit)) known.unforeseen++;
      }
    }
    // Functions that were called without contention are only of interest when they had some before.
    for (const [key, made] of calls) {
      const known = this.#functions.get(key);
      if (known !== undefined) known.calls += made;
    }
    for (const key of touched) this.#renew(key);
  }

  /** The rules that were found for a function which was looked at. */
  teach(key: string, rules: readonly LearnedRule[]): void {
    const known = this.#functions.get(key);
    if (known === undefined) return;
    const before = known.rules.size;
    for (const [id, rule] of known.rules) if (!holds(rule)) known.rules.delete(id);
    for (const rule of rules) {
      const id = locationExpressionId(rule);
      if (!known.rules.has(id) && known.rules.size < MAX_RULES) known.rules.set(id, rule);
    }
    known.unforeseen = 0;
    known.patience = known.rules.size > before ? MIN_UNFORESEEN : known.patience * 2;
  }

  #function(key: string): LearnedFunction {
    let known = this.#functions.get(key);
    if (known === undefined) {
      known = { calls: 0, locations: new Map(), rules: new Map(), unforeseen: 0, patience: MIN_UNFORESEEN };
      this.#functions.set(key, known);
    }
    return known;
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

function holds({ expected, hits }: LearnedRule): boolean {
  return hits >= MIN_SHARE * expected;
}

function count(known: LearnedFunction, id: string, location: HintLocation): void {
  const learned = known.locations.get(id);
  if (learned !== undefined) learned.writes++;
  else if (known.locations.size < MAX_LOCATIONS) known.locations.set(id, { ...location, writes: 1 });
}
