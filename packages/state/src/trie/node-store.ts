// The nodes of a witness by their hash.
import { equalBytes } from "@braid/primitives";
import { keccak256 } from "../keccak.ts";
import type { NodeLoader } from "./node.ts";

interface Entry {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly next: Entry | undefined;
}

/**
 * RLP nodes, found by keccak256 of their bytes: what is found is what was asked for, whoever made the witness.
 * PERF: buckets by the first four bytes of the hash, compared whole; a string key would cost a microsecond a look-up.
 */
export class NodeStore implements NodeLoader {
  readonly #buckets = new Map<number, Entry>();

  constructor(nodes: Iterable<Uint8Array>) {
    for (const bytes of nodes) {
      const hash = keccak256(bytes);
      const bucket = bucketOf(hash);
      this.#buckets.set(bucket, { hash, bytes, next: this.#buckets.get(bucket) });
    }
  }

  load(hash: Uint8Array): Uint8Array | undefined {
    let entry = this.#buckets.get(bucketOf(hash));
    while (entry !== undefined && !equalBytes(entry.hash, hash)) entry = entry.next;
    return entry?.bytes;
  }
}

function bucketOf(hash: Uint8Array): number {
  // A hash has 32 bytes.
  return (
    ((hash[0] as number) << 24) |
    ((hash[1] as number) << 16) |
    ((hash[2] as number) << 8) |
    (hash[3] as number)
  );
}
