// How the newest blocks ran, as long as their results are not too much to keep.

import type { StoredBlock } from "@braid/chain";
import type { BlockResult } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";

/** A result keeps what its block took of the arena. */
const MOST_BYTES = 2 ** 24;
const MOST_RUNS = 256;

export class RecentRuns {
  readonly #runs = new Map<Hex, BlockResult>();
  #bytes = 0;

  add({ hash }: StoredBlock, result: BlockResult): void {
    const key = bytesToHex(hash);
    this.#forget(key);
    this.#runs.set(key, result);
    this.#bytes += result.statistics.blockArenaBytes;
    for (const oldest of this.#runs.keys()) {
      if (this.#bytes <= MOST_BYTES && this.#runs.size <= MOST_RUNS) return;
      this.#forget(oldest);
    }
  }

  get(hash: Uint8Array): BlockResult | undefined {
    return this.#runs.get(bytesToHex(hash));
  }

  #forget(key: Hex): void {
    this.#bytes -= this.#runs.get(key)?.statistics.blockArenaBytes ?? 0;
    this.#runs.delete(key);
  }
}
