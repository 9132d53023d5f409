// How the newest blocks ran, as long as their results are not too much to keep.

import type { StoredBlock } from "@braid/chain";
import type { BlockResult } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";

/** A result keeps what its block took of the arena. */
const MOST_BYTES = 2 ** 24;
/** PERF: of small blocks more would outlive their youth, and V8 looks for what has died among the old only now and then. */
const MOST_RUNS = 64;

interface Run {
  block: Hex;
  result: BlockResult;
}

export class RecentRuns {
  /** The oldest first. */
  readonly #runs: Run[] = [];
  #bytes = 0;

  add({ hash }: StoredBlock, result: BlockResult): void {
    const block = bytesToHex(hash);
    const known = this.#runs.findIndex((run) => run.block === block);
    if (known >= 0) this.#forget(known);
    this.#runs.push({ block, result });
    this.#bytes += result.statistics.blockArenaBytes;
    while (this.#bytes > MOST_BYTES || this.#runs.length > MOST_RUNS) this.#forget(0);
  }

  get(hash: Uint8Array): BlockResult | undefined {
    const block = bytesToHex(hash);
    return this.#runs.find((run) => run.block === block)?.result;
  }

  #forget(index: number): void {
    for (const { result } of this.#runs.splice(index, 1)) this.#bytes -= result.statistics.blockArenaBytes;
  }
}
