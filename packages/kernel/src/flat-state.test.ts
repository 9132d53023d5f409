// The flat state against plain maps, with so few buckets that almost every key shares its bucket with others.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Kernel } from "./kernel.ts";
import {
  FLAT_ACCOUNT_BALANCE,
  FLAT_ACCOUNT_CODE_HASH,
  FLAT_ACCOUNT_NONCE,
  FLAT_SLOT_VALUE,
  WORD_HUGE_BALANCES,
} from "./layout.ts";

const kernel = Kernel.create({
  blockArenaBytes: 1 << 20,
  stateArenaBytes: 4 << 20,
  maxWorkers: 1,
  bucketBits: 1,
});
const other = Kernel.attach(kernel.shared, 1);
const VALUE = 64;
const HASH = 96;

/** 20 or 32 key bytes at scratch: mostly equal, so that a comparison that looks at a part of them only is wrong. */
function putKey(of: Kernel, key: number, length: number): number {
  of.u8.fill(0xab, of.scratch, of.scratch + length);
  const at = [0, 7, 8, 15, 16, length - 1][key % 6] ?? 0;
  of.u8[of.scratch + at] = key;
  return of.scratch;
}

function putWord(of: Kernel, offset: number, value: bigint): number {
  const at = (of.scratch + offset) >>> 3;
  for (let limb = 0; limb < 4; limb++) of.u64[at + limb] = BigInt.asUintN(64, value >> BigInt(64 * limb));
  return of.scratch + offset;
}

function word(ptr: number): bigint {
  let value = 0n;
  for (let limb = 3; limb >= 0; limb--) value = (value << 64n) | (kernel.u64[(ptr >>> 3) + limb] ?? 0n);
  return value;
}

interface Account {
  exists: boolean;
  nonce: bigint;
  balance: bigint;
  code: bigint;
  /** Slots without an entry are zero instead of unknown. */
  complete: boolean;
  slots: Map<number, bigint>;
}

const key = fc.integer({ min: 0, max: 11 });
const value = fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, (1n << 256n) - 1n));
const command = fc.oneof(
  fc.record({
    kind: fc.constantFrom("putAccount" as const, "setAccount" as const),
    account: key,
    exists: fc.boolean(),
    hasStorage: fc.boolean(),
    nonce: fc.bigInt(0n, (1n << 64n) - 1n),
    balance: value,
    code: value,
  }),
  fc.record({
    kind: fc.constantFrom("putSlot" as const, "setSlot" as const),
    account: key,
    slot: key,
    value,
  }),
  fc.record({ kind: fc.constantFrom("wipe" as const), account: key }),
);

test("behaves as a map of accounts with maps of slots", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), command), { maxLength: 60 }), (commands) => {
      kernel.resetState();
      const model = new Map<number, Account>();
      for (const [elsewhere, step] of commands) {
        // Two instances over one memory see the same state.
        const on = elsewhere ? other : kernel;
        const known = model.get(step.account);
        const record = on.flatFindAccount(putKey(on, step.account, 20));
        expect(record !== 0).toBe(known !== undefined);
        if ("exists" in step) {
          const { exists, hasStorage, nonce, balance, code } = step;
          putWord(on, VALUE, balance);
          putWord(on, HASH, code);
          const values = exists ? { nonce, balance, code } : { nonce: 0n, balance: 0n, code: 0n };
          if (step.kind === "setAccount") {
            if (known === undefined) continue;
            on.flatSetAccount(record, exists, hasStorage, nonce, on.scratch + VALUE, on.scratch + HASH);
            Object.assign(known, { exists, ...values });
            expect(on.flatHasStorage(record)).toBe(exists && hasStorage);
          } else {
            const put = on.flatPutAccount(
              on.scratch,
              exists,
              hasStorage,
              nonce,
              on.scratch + VALUE,
              on.scratch + HASH,
            );
            if (known !== undefined) expect(put).toBe(record);
            else
              model.set(step.account, {
                exists,
                ...values,
                complete: !exists || !hasStorage,
                slots: new Map(),
              });
          }
        } else if (known === undefined) {
        } else if (!("slot" in step)) {
          on.flatWipeStorage(record);
          expect(on.flatHasStorage(record)).toBe(false);
          known.slots.clear();
          known.complete = true;
        } else {
          putKey(on, step.slot, 32);
          putWord(on, VALUE, step.value);
          const before = on.flatFindSlot(record, on.scratch);
          expect(before === 0).toBe(!known.complete && !known.slots.has(step.slot));
          if (step.kind === "setSlot") {
            on.flatSetSlot(record, on.scratch, on.scratch + VALUE);
            known.slots.set(step.slot, step.value);
          } else if (before === 0) {
            // A source is asked only for what is unknown.
            on.flatPutSlot(record, on.scratch, on.scratch + VALUE);
            known.slots.set(step.slot, step.value);
          }
        }
      }
      for (const [account, expected] of model) {
        const record = kernel.flatFindAccount(putKey(kernel, account, 20));
        expect({
          exists: kernel.flatExists(record),
          nonce: kernel.u64[(record + FLAT_ACCOUNT_NONCE) >>> 3],
          balance: word(record + FLAT_ACCOUNT_BALANCE),
          code: word(record + FLAT_ACCOUNT_CODE_HASH),
        }).toEqual({
          exists: expected.exists,
          nonce: expected.nonce,
          balance: expected.balance,
          code: expected.code,
        });
        for (let slot = 0; slot < 12; slot++) {
          const found = kernel.flatFindSlot(record, putKey(kernel, slot, 32));
          const held = expected.slots.get(slot) ?? (expected.complete ? 0n : undefined);
          expect(found === 0 ? undefined : word(found + FLAT_SLOT_VALUE)).toBe(held);
        }
      }
    }),
  );
});

test("the first insert wins, whichever instance makes it", () => {
  kernel.resetState();
  const first = kernel.flatPutAccount(
    putKey(kernel, 1, 20),
    true,
    true,
    5n,
    putWord(kernel, VALUE, 6n),
    kernel.scratch + HASH,
  );
  const second = other.flatPutAccount(
    putKey(other, 1, 20),
    true,
    true,
    7n,
    putWord(other, VALUE, 8n),
    other.scratch + HASH,
  );
  expect(second).toBe(first);
  expect(word(first + FLAT_ACCOUNT_BALANCE)).toBe(6n);
  const slot = kernel.flatPutSlot(first, putKey(kernel, 2, 32), putWord(kernel, VALUE, 9n));
  expect(other.flatPutSlot(first, putKey(other, 2, 32), putWord(other, VALUE, 1n))).toBe(slot);
  expect(word(slot + FLAT_SLOT_VALUE)).toBe(9n);
});

test("codes are kept by their hash", () => {
  kernel.resetState();
  const hash = (i: number) => new Uint8Array(32).fill(1).fill(i, 31);
  // The last one does not fit into scratch.
  const codes = [0, 1, 33, 24576, 100_000].map((length) => new Uint8Array(length).fill(length % 251));
  for (const [i, code] of codes.entries()) {
    expect(kernel.readCode(hash(i))).toBeUndefined();
    expect(kernel.storeCode(hash(i), code)).toBe(true);
  }
  const used = kernel.stateArenaUsed();
  for (const [i, code] of codes.entries()) {
    expect(other.storeCode(hash(i), code)).toBe(true);
    expect(other.readCode(hash(i))).toEqual(code);
  }
  expect(kernel.stateArenaUsed()).toBe(used);
});

test("notices balances that sums of deltas could overflow", () => {
  kernel.resetState();
  const put = (account: number, balance: bigint) =>
    kernel.flatPutAccount(
      putKey(kernel, account, 20),
      true,
      false,
      0n,
      putWord(kernel, VALUE, balance),
      kernel.scratch + HASH,
    );
  put(1, (1n << 200n) - 1n);
  expect(kernel.hugeBalances).toBe(false);
  put(2, 1n << 200n);
  expect(kernel.hugeBalances).toBe(true);
  expect(other.u32[WORD_HUGE_BALANCES >>> 2]).toBe(1);
});
