// For tests: random state changes of a few accounts, so that they meet each other often.
import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";
import fc from "fast-check";
import { EMPTY_CODE_HASH } from "../constants.ts";
import { keccak256 } from "../keccak.ts";
import {
  type AccountChange,
  NO_ACCOUNT_CHANGE,
  type StateChanges,
  type StateChangesParts,
} from "../state-changes.ts";
import { stateChangesOf } from "../state-changes-writer.ts";

export const ADDRESSES = 5;
export const SLOTS = 7;
export const CODE = Uint8Array.of(0x60, 0x00);
export const CODE_HASH = keccak256(CODE);
const OTHER_CODE = Uint8Array.of(0x60, 0x01);
const OTHER_CODE_HASH = keccak256(OTHER_CODE);

export const addressOf = (n: number): Uint8Array => new Uint8Array(20).fill(n);
export const slotOf = (n: number): Uint8Array => bigIntToBytes32(BigInt(n));

const addressKey = fc.integer({ min: 1, max: ADDRESSES }).map((n): Hex => bytesToHex(addressOf(n)));
const slotKey = fc.integer({ min: 0, max: SLOTS - 1 }).map((n): Hex => bytesToHex(slotOf(n)));
const amount = fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 256n - 1n));

const accountChange: fc.Arbitrary<AccountChange> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ ...NO_ACCOUNT_CHANGE, deleted: true }) },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        deleted: fc.constant(false),
        nonce: fc.bigInt(0n, 2n ** 64n - 1n),
        balance: amount,
        codeHash: fc.constantFrom(EMPTY_CODE_HASH, CODE_HASH, OTHER_CODE_HASH),
        storageReset: fc.boolean(),
        storage: fc.array(fc.tuple(slotKey, amount), { maxLength: 5 }).map((entries) => new Map(entries)),
      },
      { requiredKeys: ["deleted", "storageReset", "storage"] },
    ),
  },
);

/** Changes as objects and as they come out of them. Their codes are all there are. */
export const stateChanges: fc.Arbitrary<{ parts: StateChangesParts; changes: StateChanges }> = fc
  .array(fc.tuple(addressKey, accountChange), { maxLength: ADDRESSES })
  .map((entries) => {
    const codes = new Map<Hex, Uint8Array>();
    for (const code of [CODE, OTHER_CODE]) codes.set(bytesToHex(keccak256(code)), code);
    const parts = { accounts: new Map(entries), codes };
    return { parts, changes: stateChangesOf(parts) };
  });
