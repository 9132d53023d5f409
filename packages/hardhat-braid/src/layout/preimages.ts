// What slots are hashes of: the inputs of the keccaks that executions have computed, those that the compiler computed for them, and
// keys that were tried.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt, concatBytes } from "@braid/primitives";
import type { StorageType, Variable } from "./storage-types.ts";

/** Elements of arrays and members of structs lie behind a hash; other hashes are further away than this. */
const FARTHEST = 1n << 64n;
/** Mappings to mappings: keys are tried this deep. */
const DEEPEST = 2;

export class Preimages {
  readonly #inputs = new Map<bigint, Uint8Array>();
  #sorted: bigint[] | undefined;

  /** An input of keccak, as it was seen. */
  add(input: Uint8Array): void {
    const hash = bytesToBigInt(keccak256(input));
    if (this.#inputs.has(hash)) return;
    this.#inputs.set(hash, input.slice());
    this.#sorted = undefined;
  }

  /** The nearest known hash at or below a slot, when the slot can have to do with it. */
  below(slot: bigint): { hash: bigint; input: Uint8Array } | undefined {
    this.#sorted ??= [...this.#inputs.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] as bigint) <= slot) low = middle + 1;
      else high = middle;
    }
    const hash = this.#sorted[low - 1];
    const input = hash === undefined || slot - hash >= FARTHEST ? undefined : this.#inputs.get(hash);
    return hash === undefined || input === undefined ? undefined : { hash, input };
  }

  /** The arrays and long texts of a contract that lie at constant slots: compilers compute their hashes themselves. */
  addArraysOf(variables: readonly Variable[], first = 0n): void {
    for (const { type, slot } of variables) this.#addArrays(type, first + slot);
  }

  /** Tries keys (32 bytes each) on the mappings of a contract. PERF: a microsecond for each key and mapping, and for two keys on mappings of mappings. */
  tryKeys(variables: readonly Variable[], keys: readonly Uint8Array[]): void {
    for (const { type, slot } of variables) this.#tryOn(type, slot, keys, 1);
  }

  #addArrays(type: StorageType, slot: bigint): void {
    if (type.kind === "dynamicArray" || type.kind === "bytes") this.add(bigIntToBytes32(slot));
    else if (type.kind === "struct") this.addArraysOf(type.members, slot);
  }

  #tryOn(type: StorageType, slot: bigint, keys: readonly Uint8Array[], depth: number): void {
    if (type.kind === "struct")
      for (const member of type.members) this.#tryOn(member.type, slot + member.slot, keys, depth);
    if (type.kind !== "mapping" || depth > DEEPEST) return;
    const at = bigIntToBytes32(slot);
    for (const key of keys) {
      const input = concatBytes(key, at);
      this.add(input);
      this.#tryOn(type.value(), bytesToBigInt(keccak256(input)), keys, depth + 1);
    }
  }
}
