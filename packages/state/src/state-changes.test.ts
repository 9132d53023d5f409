// State changes: objects to bytes and back, order, and bytes that are none.
import { bigIntToBytes32, bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keccak256 } from "./keccak.ts";
import {
  type AccountChange,
  CHANGED_ACCOUNT_SIZE,
  CHANGED_SLOT_SIZE,
  CHANGES_HEADER,
  NO_ACCOUNT_CHANGE,
  StateChanges,
} from "./state-changes.ts";
import { StateChangesWriter, stateChangesOf } from "./state-changes-writer.ts";
import { stateChanges } from "./testing/arbitrary-changes.ts";

const address = (n: number): Hex => bytesToHex(new Uint8Array(20).fill(n));
const slotKey = (n: number): Hex => bytesToHex(bigIntToBytes32(BigInt(n)));

describe("StateChanges", () => {
  it("says of every account, slot and code what it was made of, and finds each", () => {
    fc.assert(
      fc.property(stateChanges, ({ parts, changes }) => {
        const sorted = [...parts.accounts].sort(([a], [b]) => (a < b ? -1 : 1));
        const expected = sorted.map(([at, change]) => [
          at,
          change.deleted
            ? { ...NO_ACCOUNT_CHANGE, deleted: true }
            : { ...change, storage: new Map([...change.storage].sort(([a], [b]) => (a < b ? -1 : 1))) },
        ]);
        expect([...changes.accounts]).toEqual(expected);
        expect(changes.codes).toEqual(parts.codes);
        for (const [i, [at]] of sorted.entries()) expect(changes.indexOf(hexToBytes(at))).toBe(i);
        expect(changes.indexOf(new Uint8Array(20).fill(0xff))).toBe(-1);
        for (const hash of parts.codes.keys()) expect(changes.hasCode(hexToBytes(hash))).toBe(true);
        expect(changes.hasCode(new Uint8Array(32))).toBe(false);
      }),
    );
  });

  it("is the same bytes in whatever order the objects come, and by the way over its own objects", () => {
    fc.assert(
      fc.property(stateChanges, ({ parts, changes }) => {
        const reversed = stateChangesOf({
          accounts: new Map(
            [...parts.accounts]
              .reverse()
              .map(([at, change]) => [at, { ...change, storage: new Map([...change.storage].reverse()) }]),
          ),
          codes: new Map([...parts.codes].reverse()),
        });
        expect(reversed.bytes).toEqual(changes.bytes);
        expect(stateChangesOf(changes).bytes).toEqual(changes.bytes);
        expect(StateChanges.decode(changes.bytes).accounts).toEqual(changes.accounts);
        expect(StateChanges.decode(changes.bytes).codes).toEqual(changes.codes);
      }),
    );
  });

  it("decodes bytes at any offset of their buffer", () => {
    const { bytes } = stateChangesOf({
      accounts: new Map([[address(1), { ...NO_ACCOUNT_CHANGE, nonce: 7n }]]),
    });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(StateChanges.decode(shifted.subarray(3)).accounts.get(address(1))?.nonce).toBe(7n);
  });

  it("refuses bytes that are cut, changed in their structure, or none", () => {
    const account: AccountChange = {
      ...NO_ACCOUNT_CHANGE,
      nonce: 1n,
      storage: new Map([1, 2].map((n) => [slotKey(n), 5n])),
    };
    const code = Uint8Array.of(1, 2, 3);
    const { bytes } = stateChangesOf({
      accounts: new Map([1, 2].map((n) => [address(n), account])),
      codes: new Map([[bytesToHex(keccak256(code)), code]]),
    });
    const bad = expect.objectContaining({ code: "BRAID_BAD_STATE_CHANGES" });
    for (let length = 0; length < bytes.length; length++)
      expect(() => StateChanges.decode(bytes.subarray(0, length))).toThrow(bad);
    const slots = CHANGES_HEADER + 2 * CHANGED_ACCOUNT_SIZE;
    const codes = slots + 4 * CHANGED_SLOT_SIZE;
    const second = CHANGES_HEADER + CHANGED_ACCOUNT_SIZE;
    const changed: [what: string, at: number, value: number][] = [
      ["magic", 0, 0],
      ["number of accounts", 4, 1],
      ["number of slots", 8, 3],
      ["number of codes", 12, 2],
      ["order of accounts", second, 0],
      ["unknown flag", CHANGES_HEADER + 20, 0x84],
      ["deleted and yet changed", CHANGES_HEADER + 20, 5],
      ["first slot", second + 24, 1],
      ["number of slots of an account", CHANGES_HEADER + 28, 3],
      ["a nonce without its flag", CHANGES_HEADER + 20, 0],
      ["a balance without its flag", CHANGES_HEADER + 40, 1],
      ["a code hash without its flag", CHANGES_HEADER + 72, 1],
      ["order of slots", slots + 31, 2],
      ["place of a code", codes + 32, 1],
      ["length of a code", codes + 36, 2],
    ];
    for (const [what, at, value] of changed) {
      const copy = bytes.slice();
      copy[at] = value;
      expect(() => StateChanges.decode(copy), what).toThrow(bad);
    }
    expect(() => StateChanges.decode(bytes)).not.toThrow();
  });

  it("never fails otherwise on bytes that are changed at random", () => {
    fc.assert(
      fc.property(stateChanges, fc.nat(), fc.nat({ max: 255 }), ({ changes }, at, value) => {
        const copy = changes.bytes.slice();
        copy[at % copy.length] = value;
        try {
          const decoded = StateChanges.decode(copy);
          expect(stateChangesOf(decoded).bytes).toEqual(copy);
        } catch (error) {
          expect(error).toMatchObject({ code: "BRAID_BAD_STATE_CHANGES" });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("StateChangesWriter", () => {
  it("takes back an account with its slots, and lists a code once", () => {
    const writer = new StateChangesWriter();
    const code = Uint8Array.of(1);
    const values = new Uint32Array(8);
    for (let n = 1; n <= 200; n++) {
      writer.account(new Uint8Array(20).fill(n), 0);
      writer.nonce(BigInt(n));
      writer.slot(bigIntToBytes32(1n), 0, BigInt(n));
      values[0] = n;
      writer.slotWords(bigIntToBytes32(2n), 0, values, 0);
      writer.code(keccak256(code), code);
      if (n % 2 === 0) writer.dropAccount();
    }
    const changes = writer.finish();
    expect([changes.accountCount, changes.slotCount, changes.codeCount]).toEqual([100, 200, 1]);
    for (let n = 1; n <= 200; n++) {
      const storage = new Map([1, 2].map((slot) => [slotKey(slot), BigInt(n)]));
      const expected = n % 2 === 0 ? undefined : { ...NO_ACCOUNT_CHANGE, nonce: BigInt(n), storage };
      expect(changes.accounts.get(address(n))).toEqual(expected);
    }
    expect(StateChanges.decode(changes.bytes).accountCount).toBe(100);
    expect(writer.finish().bytes).toEqual(stateChangesOf({}).bytes);
  });
});
