// What hints may look at before a block runs: the slots that are in the shared cache, and hashes.

import { FLAT_SLOT_VALUE, type Kernel } from "@braid/kernel";
import { readU256, readWordBigEndian, writeWordBigEndian } from "../records/words.ts";
import type { KnownState, Piece } from "./expression.ts";

/** Parts of the scratch memory; the input of a hash comes last and may be as long as it likes, within reason. */
const SLOT = 32;
const DIGEST = 64;
const INPUT = 96;

/** Main thread only. */
export class CachedState implements KnownState {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  slot(address: bigint, slot: bigint): bigint | undefined {
    const kernel = this.#kernel;
    const { scratch } = kernel;
    writeAddress(kernel.view, scratch, address);
    const account = kernel.flatFindAccount(scratch);
    if (account === 0) return undefined;
    writeWordBigEndian(kernel.view, scratch + SLOT, slot);
    const record = kernel.flatFindSlot(account, scratch + SLOT);
    return record === 0 ? undefined : readU256(kernel.u64, (record + FLAT_SLOT_VALUE) >>> 3);
  }

  hash(words: readonly bigint[], pieces: readonly Piece[]): bigint {
    const { scratch, view, u8 } = this.#kernel;
    const start = scratch + INPUT;
    let at = start;
    for (const [i, { bytes }] of pieces.entries()) {
      writeWordBigEndian(view, scratch, words[i] as bigint);
      u8.copyWithin(at, scratch + 32 - bytes, scratch + 32);
      at += bytes;
    }
    this.#kernel.keccak(start, at - start, scratch + DIGEST);
    return readWordBigEndian(view, scratch + DIGEST);
  }
}

function writeAddress(view: DataView, at: number, address: bigint): void {
  view.setUint32(at, Number(address >> 128n));
  view.setBigUint64(at + 4, (address >> 64n) & 0xffffffffffffffffn);
  view.setBigUint64(at + 12, address & 0xffffffffffffffffn);
}
