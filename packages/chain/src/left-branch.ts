// What a head leaves behind when it goes somewhere else, and what it has left behind long ago.

import { bytesToHex, type Hex } from "@braid/primitives";
import type { KeptBlock, StateStore } from "@braid/state";

/**
 * The uppermost state that `from` is, or descends from, and `to` does not; undefined when `to` descends from it.
 * PERF: walks as far as the two lie apart.
 */
export function leftBranch(store: StateStore, from: Uint8Array, to: Uint8Array): Uint8Array | undefined {
  const parentOf = ({ parent }: KeptBlock): KeptBlock | undefined => parent && store.block(parent);
  const left: Uint8Array[] = [];
  const places = new Map<Hex, number>();
  const reached = new Set<Hex>();
  let back = store.block(from);
  let forth = store.block(to);
  while (back !== undefined || forth !== undefined) {
    if (forth !== undefined) {
      reached.add(bytesToHex(forth.hash));
      const place = places.get(bytesToHex(forth.hash));
      if (place !== undefined) return left[place - 1];
      forth = parentOf(forth);
    }
    if (back !== undefined) {
      if (reached.has(bytesToHex(back.hash))) return left.at(-1);
      places.set(bytesToHex(back.hash), left.length);
      left.push(back.hash);
      back = parentOf(back);
    }
  }
  return undefined;
}

/**
 * Of the branches that fork off the line of `head`, the lowest state of each that does so more than `depth` blocks below, and less than twice as many.
 * PERF: walks as many blocks, and looks at all that descend from them.
 */
export function deepBranches(store: StateStore, head: Uint8Array, depth: bigint): Uint8Array[] {
  const top = store.block(head);
  if (top === undefined) return [];
  /** By their hashes: is it deep enough? */
  const line = new Map<Hex, boolean>();
  let lowest = top;
  for (
    let next: KeptBlock | undefined = top;
    next !== undefined;
    next = next.parent && store.block(next.parent)
  ) {
    lowest = next;
    line.set(bytesToHex(next.hash), next.number + depth < top.number);
    if (next.number + 2n * depth < top.number) break;
  }
  return store
    .descendants(lowest.hash)
    .filter(({ hash, parent }) => !line.has(bytesToHex(hash)) && parent && line.get(bytesToHex(parent)))
    .map(({ hash }) => hash);
}
