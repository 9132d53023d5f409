// What a head leaves behind when it goes somewhere else.

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
