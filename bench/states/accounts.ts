// States of many accounts, and blocks that change some of them.
import { bigIntToBytes32, Random } from "@braid/primitives";
import { EMPTY_CODE_HASH, type StateChanges, StateChangesWriter, type StateStore } from "@braid/state";

/** A state is made in so many pieces as this goes into it. */
const PIECE = 100_000;

/** The same numbers in every run. */
const random = new Random(1);

/** Spread evenly, as hashes are, and in order of `n`, so that changes can be written as they come. */
export function addressOf(n: number, of: number): Uint8Array {
  const address = new Uint8Array(20);
  new DataView(address.buffer).setUint32(0, Math.floor((n / of) * 2 ** 32));
  new DataView(address.buffer).setUint32(16, n);
  return address;
}

/** New balances and nonces of the accounts with these numbers, ascending. With nonce 0 they are made. */
export function touch(numbers: Iterable<number>, of: number, nonce: number): StateChanges {
  const writer = new StateChangesWriter();
  for (const n of numbers) {
    writer.account(addressOf(n, of), 0);
    writer.nonce(BigInt(nonce));
    writer.balance(10n ** 18n + BigInt(nonce));
    if (nonce === 0) writer.codeHash(EMPTY_CODE_HASH, 0);
  }
  return writer.finish();
}

/** Different numbers below `of`, ascending. */
export function pick(count: number, of: number): number[] {
  const picked = new Set<number>();
  while (picked.size < count) picked.add(random.below(of));
  return [...picked].sort((a, b) => a - b);
}

/** Addresses of accounts picked at random. */
export function pickAddresses(count: number, of: number): Uint8Array[] {
  return Array.from({ length: count }, () => addressOf(random.below(of), of));
}

/** The hash of the block with this number: there is one of each. */
export function hashOf(number: bigint): Uint8Array {
  return bigIntToBytes32(number + 1n);
}

/** The block after the store's head. */
export function nextBlock(store: StateStore): { hash: Uint8Array; number: bigint } {
  const number = (store.head?.number ?? -1n) + 1n;
  return { hash: hashOf(number), number };
}

export async function commit(store: StateStore, changes: StateChanges): Promise<void> {
  await store.prepare(store.head?.hash, changes).commit(nextBlock(store));
}

/** Makes a state of so many accounts. */
export async function fill(store: StateStore, accounts: number): Promise<void> {
  for (let from = 0; from < accounts; from += PIECE) {
    const numbers = Array.from({ length: Math.min(PIECE, accounts - from) }, (_, i) => from + i);
    await commit(store, touch(numbers, accounts, 0));
  }
}
