// Entries in memory in the order of their keys, in chunks: an insertion moves a chunk's keys and not all of them.
import { compareBytes } from "../state-changes.ts";
import type { RecordChange, RecordRange } from "./records.ts";

/** PERF: half full on average; a search in it and moving its keys cost about the same, well below a microsecond. */
const CHUNK = 512;

interface Chunk {
  keys: Uint8Array[];
  values: Uint8Array[];
}

export class SortedRecords {
  /** Never empty; only a lone chunk has no keys. */
  #chunks: Chunk[] = [{ keys: [], values: [] }];

  get(key: Uint8Array): Uint8Array | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)] as Chunk;
    const at = position(chunk.keys, key);
    return isAt(chunk, at, key) ? chunk.values[at] : undefined;
  }

  /** As of now, whatever is changed while they are looked at. */
  *entries({ from, to, reverse = false }: RecordRange): Generator<[Uint8Array, Uint8Array]> {
    const first = from === undefined ? 0 : this.#chunkOf(from);
    const last = to === undefined ? this.#chunks.length - 1 : this.#chunkOf(to);
    const entries = this.#chunks.slice(first, last + 1).flatMap((chunk, i) => {
      const start = i === 0 && from !== undefined ? position(chunk.keys, from) : 0;
      const end = first + i === last && to !== undefined ? position(chunk.keys, to) : chunk.keys.length;
      return chunk.keys
        .slice(start, end)
        .map((key, j): [Uint8Array, Uint8Array] => [key, chunk.values[start + j] as Uint8Array]); // in range
    });
    yield* reverse ? entries.reverse() : entries;
  }

  change(changes: readonly RecordChange[]): void {
    for (const { key, value } of changes) {
      const index = this.#chunkOf(key);
      const chunk = this.#chunks[index] as Chunk;
      const at = position(chunk.keys, key);
      const found = isAt(chunk, at, key);
      if (value !== undefined) {
        chunk.keys.splice(at, found ? 1 : 0, key);
        chunk.values.splice(at, found ? 1 : 0, value);
        if (chunk.keys.length > CHUNK) this.#split(index);
      } else if (found) {
        chunk.keys.splice(at, 1);
        chunk.values.splice(at, 1);
        if (chunk.keys.length === 0 && this.#chunks.length > 1) this.#chunks.splice(index, 1);
      }
    }
  }

  #split(index: number): void {
    const { keys, values } = this.#chunks[index] as Chunk;
    const half = keys.length >>> 1;
    this.#chunks.splice(
      index,
      1,
      { keys: keys.slice(0, half), values: values.slice(0, half) },
      { keys: keys.slice(half), values: values.slice(half) },
    );
  }

  /** The chunk that has the key, or would have it: the last one that does not begin above it. */
  #chunkOf(key: Uint8Array): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      // Of several chunks none is empty.
      if (compareBytes((this.#chunks[middle] as Chunk).keys[0] as Uint8Array, key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Where the key is, or would be. */
function position(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(keys[middle] as Uint8Array, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAt({ keys }: Chunk, at: number, key: Uint8Array): boolean {
  const found = keys[at];
  return found !== undefined && compareBytes(found, key) === 0;
}
