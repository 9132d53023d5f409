// For tests: a chain of any length whose blocks can each be made again from the seed and the number.
import { bigIntToBytes32, bytesToHex, concatBytes, type Hex } from "@braid/primitives";
import { keccak256 } from "../keccak.ts";
import { type AccountChange, NO_ACCOUNT_CHANGE, type StateChanges } from "../state-changes.ts";
import { stateChangesOf } from "../state-changes-writer.ts";
import type { RecordChange } from "../store/records.ts";
import type { BlockId } from "../store/state-store.ts";

const ACCOUNTS = 200;
const CHANGED = 12;
const LARGE_EVERY = 5;

function random(seed: number, number: number, what: number): number {
  const hash = keccak256(concatBytes(...[seed, number, what].map((part) => bigIntToBytes32(BigInt(part)))));
  return new DataView(hash.buffer).getUint32(0);
}

export const chainAddress = (n: number): Uint8Array => keccak256(bigIntToBytes32(BigInt(n))).slice(0, 20);

/** Balances, nonces, slots that come and go, and now and then an account that goes with its storage. */
export function changesOfBlock(seed: number, number: number): StateChanges {
  const accounts = new Map<Hex, AccountChange>();
  // Now and then a large block: LMDB's thread then begins to write before it has been told everything.
  const count = number % LARGE_EVERY === 0 ? ACCOUNTS : CHANGED;
  for (let i = 0; i < count; i++) {
    const pick = number === 0 ? i : random(seed, number, i) % ACCOUNTS;
    const kind = random(seed, number, 1_000 + i) % 20;
    const storage = new Map<Hex, bigint>();
    for (let s = 0; s < 3; s++) {
      const slot = random(seed, number, 2_000 + 10 * i + s) % 30;
      storage.set(bytesToHex(bigIntToBytes32(BigInt(slot))), BigInt(random(seed, number, 3_000 + s) % 4));
    }
    accounts.set(
      bytesToHex(chainAddress(pick)),
      kind === 0
        ? { ...NO_ACCOUNT_CHANGE, deleted: true }
        : {
            ...NO_ACCOUNT_CHANGE,
            balance: BigInt(number * 1_000 + i),
            nonce: BigInt(number),
            storage,
            storageReset: kind === 1,
          },
    );
  }
  return stateChangesOf({ accounts });
}

/** A block's name, and the entries that go with it: its own, and one that each block replaces. */
export function blockOf(seed: number, number: number): { block: BlockId; records: RecordChange[] } {
  const hash = keccak256(concatBytes(bigIntToBytes32(BigInt(seed)), bigIntToBytes32(BigInt(number))));
  return {
    block: { hash, number: BigInt(number) },
    records: [
      { key: concatBytes(Uint8Array.of(1), bigIntToBytes32(BigInt(number))), value: hash },
      { key: Uint8Array.of(2), value: hash },
    ],
  };
}
