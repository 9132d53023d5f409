// A source that remembers what it was asked for, one by one and many at once.

import { hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH, MemoryStateSource, type StateKey, type StateSource } from "@braid/state";
import { describe, expect, test } from "vitest";
import { RecordingSource } from "./record-reads.ts";

const ADDRESS = new Uint8Array(20).fill(1);
const ABSENT = new Uint8Array(20).fill(2);
const SLOT = new Uint8Array(32).fill(3);
const account = { nonce: 1n, balance: 2n, codeHash: EMPTY_CODE_HASH, hasStorage: true };
const state = MemoryStateSource.fromFlat({
  accounts: [{ address: ADDRESS, account, storage: [[SLOT, 7n]] }],
  codes: [],
});

/** The state, far away: what is not in `down` is answered, all keys of a call together. */
function farAway(down: StateKey[] = []): StateSource & { calls: number } {
  const source = {
    calls: 0,
    getAccount: (address: Uint8Array) => state.getAccount(address),
    getStorage: (address: Uint8Array, slot: Uint8Array) => state.getStorage(address, slot),
    getCode: (codeHash: Uint8Array) => state.getCode(codeHash),
    getBlockHash: (number: bigint) => state.getBlockHash(number),
    getMany: (keys: StateKey[]) => {
      source.calls++;
      return Promise.allSettled(
        keys.map(async (key) => {
          if (down.includes(key)) throw new RangeError("down");
          const { address, slot } = key;
          return slot === undefined ? state.getAccount(address) : state.getStorage(address, slot);
        }),
      );
    },
  };
  return source;
}

describe("many keys at once", () => {
  test("are answered as the other source does, and remembered", async () => {
    const far = farAway();
    const source = new RecordingSource(far);
    const keys: StateKey[] = [
      { address: ADDRESS, slot: SLOT },
      { address: ADDRESS },
      { address: ABSENT },
      { address: ABSENT, slot: SLOT },
    ];
    expect(await source.getMany?.(keys)).toEqual([
      { status: "fulfilled", value: 7n },
      { status: "fulfilled", value: account },
      { status: "fulfilled", value: undefined },
      { status: "fulfilled", value: 0n },
    ]);
    expect(far.calls).toBe(1);
    const { accounts } = await source.preState();
    expect(accounts).toEqual([
      { address: ADDRESS, account, storage: [[SLOT, 7n]] },
      { address: ABSENT, account: undefined, storage: [[SLOT, 0n]] },
    ]);
  });

  test("what fails is not remembered, and nothing else fails for it", async () => {
    const [lost, kept]: [StateKey, StateKey] = [{ address: ABSENT }, { address: ADDRESS, slot: SLOT }];
    const source = new RecordingSource(farAway([lost]));
    expect(await source.getMany?.([lost, kept])).toMatchObject([
      { status: "rejected", reason: expect.any(RangeError) },
      { status: "fulfilled", value: 7n },
    ]);
    const { accounts } = await source.preState();
    // A slot is kept with its account.
    expect(accounts).toEqual([{ address: ADDRESS, account, storage: [[SLOT, 7n]] }]);
  });

  test("are not offered when the other source does not take them", () => {
    expect(new RecordingSource(state).getMany).toBeUndefined();
  });
});

test("reads one by one are remembered", async () => {
  const source = new RecordingSource(state);
  expect(await source.getStorage(ADDRESS, SLOT)).toBe(7n);
  expect(await source.getAccount(ADDRESS)).toEqual(account);
  expect(await source.getCode(EMPTY_CODE_HASH)).toEqual(hexToBytes("0x"));
  expect((await source.preState()).accounts).toEqual([{ address: ADDRESS, account, storage: [[SLOT, 7n]] }]);
});
