// Changes of a trie in the order of their keys, keys and values each in one array.
// PERF: a block changes thousands of keys; an array for each key and each value would take longer than what is done with them.

/** What shall be at a key; undefined removes it. An empty value is not a value of a trie. */
export interface TrieChange {
  key: Uint8Array;
  value: Uint8Array | undefined;
}

const REMOVED = -1;
/** So many bits of a number that is exact are left beside 32 of a key. */
const MOST_SORTED = 2 ** 21;

/** All keys have the same length. One by one, in the order of the keys, each change is set, or dropped: then the key is not changed at all. */
export class TrieChanges<Below> {
  readonly keyBytes: number;
  /** Changes that were set. */
  count = 0;
  /** The keys one behind the other, ascending, and room for one more. */
  readonly keys: Uint8Array;
  /** The place among the given keys that the change with some number has. */
  readonly #places: Uint32Array;
  readonly values: Uint8Array;
  readonly #valueBytes: number;
  readonly #lengths: Int32Array;
  readonly #below: (Below | undefined)[] = [];

  /** @param valueBytes how long a value may be. */
  constructor(keys: Uint8Array, keyBytes: number, valueBytes: number) {
    const given = keys.length / keyBytes;
    this.keyBytes = keyBytes;
    this.#places = sortedPlaces(keys, keyBytes, given);
    this.keys = new Uint8Array((given + 1) * keyBytes);
    for (let i = 0; i < given; i++) {
      const from = (this.#places[i] as number) * keyBytes; // in range
      const to = i * keyBytes;
      for (let j = 0; j < keyBytes; j++) this.keys[to + j] = keys[from + j] as number; // in range
    }
    this.#valueBytes = valueBytes;
    this.values = new Uint8Array(given * valueBytes);
    this.#lengths = new Int32Array(given);
  }

  /** Of single changes, in any order. */
  static of(changes: readonly TrieChange[]): TrieChanges<never> {
    const keyBytes = changes[0]?.key.length ?? 1;
    const keys = new Uint8Array(changes.length * keyBytes);
    let valueBytes = 0;
    changes.forEach(({ key, value }, i) => {
      if (key.length !== keyBytes) throw new RangeError("keys of a trie have one length");
      keys.set(key, i * keyBytes);
      valueBytes = Math.max(valueBytes, value?.length ?? 0);
    });
    const sorted = new TrieChanges<never>(keys, keyBytes, valueBytes);
    for (let i = 0; i < changes.length; i++) {
      const { value } = changes[sorted.placeAt(i)] as TrieChange; // in range
      if (value === undefined) sorted.remove(i);
      else {
        sorted.values.set(value, sorted.valueAt);
        sorted.put(i, value.length);
      }
    }
    return sorted;
  }

  /** Of key `i` in ascending order: its place among the given ones. */
  placeAt(i: number): number {
    return this.#places[i] as number; // in range
  }

  /** Where the value of the change that is set next begins in `values`. */
  get valueAt(): number {
    return this.count * this.#valueBytes;
  }

  /** Key `i` gets the value that was written to `valueAt`. */
  put(i: number, length: number, below?: Below): void {
    this.#take(i, length);
    this.#below.push(below);
  }

  /** Key `i` is removed. */
  remove(i: number): void {
    this.#take(i, REMOVED);
    this.#below.push(undefined);
  }

  isRemoval(change: number): boolean {
    return this.#lengths[change] === REMOVED;
  }

  keyAt(change: number): Uint8Array {
    return this.keys.subarray(change * this.keyBytes, (change + 1) * this.keyBytes);
  }

  valueBegin(change: number): number {
    return change * this.#valueBytes;
  }

  valueEnd(change: number): number {
    return change * this.#valueBytes + (this.#lengths[change] as number); // in range
  }

  /** What the new leaf has below it. */
  belowAt(change: number): Below | undefined {
    return this.#below[change];
  }

  /** What was dropped before it leaves no gap. */
  #take(i: number, length: number): void {
    const { keyBytes, count } = this;
    if (i !== count) this.keys.copyWithin(count * keyBytes, i * keyBytes, (i + 1) * keyBytes);
    this.#lengths[count] = length;
    this.count++;
  }
}

/** The places of keys in ascending order. */
function sortedPlaces(keys: Uint8Array, keyBytes: number, count: number): Uint32Array {
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) places[i] = i;
  const compare = (a: number, b: number): number => compareKeys(keys, a * keyBytes, b * keyBytes, keyBytes);
  if (count < 16 || count >= MOST_SORTED) return places.sort(compare);
  // PERF: numbers are sorted without a call for each comparison: the keys' first bytes, and the place behind them.
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let prefix = 0;
    for (let j = 0; j < 4; j++)
      prefix = prefix * 256 + (j < keyBytes ? (keys[i * keyBytes + j] as number) : 0);
    numbers[i] = prefix * MOST_SORTED + i;
  }
  numbers.sort();
  for (let i = 0; i < count; i++) places[i] = (numbers[i] as number) % MOST_SORTED; // in range
  sortTies(places, compare);
  return places;
}

/** Puts in order what is nearly so. */
function sortTies(places: Uint32Array, compare: (a: number, b: number) => number): void {
  for (let i = 1; i < places.length; i++) {
    const place = places[i] as number; // in range
    let to = i;
    while (to > 0 && compare(places[to - 1] as number, place) > 0) {
      places[to] = places[to - 1] as number; // in range
      to--;
    }
    places[to] = place;
  }
}

/** Lexicographic, as the trie orders them. */
export function compareKeys(keys: Uint8Array, a: number, b: number, length: number): number {
  for (let i = 0; i < length; i++) {
    const difference = (keys[a + i] as number) - (keys[b + i] as number); // in range
    if (difference !== 0) return difference;
  }
  return 0;
}
