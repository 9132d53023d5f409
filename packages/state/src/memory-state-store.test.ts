// The store in memory against a model of plain maps and @ethereumjs/mpt, its atomicity, and its first states.
import { bigIntToBytes32, bytesToHex, type Hex, hexToBytes, minimalBytes } from "@braid/primitives";
import { createMPT } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "./constants.ts";
import { keccak256 } from "./keccak.ts";
import { MemoryStateSource } from "./memory-state-source.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { type AccountDiff, emptyAccountDiff, emptyStateDiff, type StateDiff } from "./state-diff.ts";

const CODE = Uint8Array.of(0x60, 0x00);
const CODE_HASH = keccak256(CODE);
const address = (n: number): Hex => bytesToHex(new Uint8Array(20).fill(n));
const slotKey = (n: number): Hex => bytesToHex(bigIntToBytes32(BigInt(n)));

interface ModelAccount {
  nonce: bigint;
  balance: bigint;
  codeHash: Uint8Array;
  storage: Map<Hex, bigint>;
}
type Model = Map<Hex, ModelAccount>;

const amount = fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 256n - 1n));
const accountDiff: fc.Arbitrary<AccountDiff> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ ...emptyAccountDiff(), deleted: true }) },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        deleted: fc.constant(false),
        nonce: fc.bigInt(0n, 2n ** 64n - 1n),
        balance: amount,
        codeHash: fc.constantFrom(EMPTY_CODE_HASH, CODE_HASH),
        storageReset: fc.boolean(),
        storage: fc
          .array(fc.tuple(fc.integer({ min: 0, max: 6 }).map(slotKey), amount), { maxLength: 5 })
          .map((entries) => new Map(entries)),
      },
      { requiredKeys: ["deleted", "storageReset", "storage"] },
    ),
  },
);
const stateDiff: fc.Arbitrary<StateDiff> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }).map(address), accountDiff), { maxLength: 5 })
  .map((entries) => ({ accounts: new Map(entries), codes: new Map([[bytesToHex(CODE_HASH), CODE]]) }));

/** What a diff means, said as plainly as possible. */
function applyToModel(model: Model, diff: StateDiff): void {
  for (const [at, change] of diff.accounts) {
    if (change.deleted) {
      model.delete(at);
      continue;
    }
    const isCreated =
      change.nonce !== undefined || change.balance !== undefined || change.codeHash !== undefined;
    const isFilled = [...change.storage.values()].some((value) => value !== 0n);
    if (!model.has(at) && !isCreated && !isFilled) continue;
    const before = model.get(at) ?? { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH, storage: new Map() };
    const storage = new Map(change.storageReset ? [] : before.storage);
    for (const [slot, value] of change.storage) storage.set(slot, value);
    for (const [slot, value] of storage) if (value === 0n) storage.delete(slot);
    model.set(at, {
      nonce: change.nonce ?? before.nonce,
      balance: change.balance ?? before.balance,
      codeHash: change.codeHash ?? before.codeHash,
      storage,
    });
  }
}

async function modelRoot(model: Model): Promise<Uint8Array> {
  const accounts = await createMPT({ useKeyHashing: true });
  for (const [at, { nonce, balance, codeHash, storage }] of model) {
    const slots = await createMPT({ useKeyHashing: true });
    for (const [slot, value] of storage) await slots.put(hexToBytes(slot), RLP.encode(value));
    await accounts.put(hexToBytes(at), RLP.encode([nonce, balance, slots.root(), codeHash]));
  }
  return accounts.root();
}

describe("MemoryStateStore", () => {
  it("answers reads and roots as a model does, after every commit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stateDiff, { maxLength: 4 }), async (diffs) => {
        const store = new MemoryStateStore();
        const model: Model = new Map();
        for (const [i, diff] of diffs.entries()) {
          applyToModel(model, diff);
          const foretold = await store.computeStateRoot(diff);
          const root = await store.commit(diff);
          expect(bytesToHex(root)).toBe(bytesToHex(await modelRoot(model)));
          expect(foretold).toEqual(root);
          expect(store.stateRoot).toEqual(root);
          expect(store.version).toBe(i + 1);
          for (let n = 1; n <= 5; n++) {
            const expected = model.get(address(n));
            const found = store.getAccount(hexToBytes(address(n)));
            expect(found?.nonce).toBe(expected?.nonce);
            expect(found?.balance).toBe(expected?.balance);
            expect(found?.codeHash).toEqual(expected?.codeHash);
            expect(found?.hasStorage).toBe(expected && expected.storage.size > 0);
            for (let s = 0; s <= 6; s++) {
              const value = store.getStorage(hexToBytes(address(n)), hexToBytes(slotKey(s)));
              expect(value).toBe(expected?.storage.get(slotKey(s)) ?? 0n);
            }
          }
        }
        const flat = store.preload?.();
        expect(flat).toBeDefined();
        if (flat !== undefined) expect(MemoryStateStore.fromFlat(flat).stateRoot).toEqual(store.stateRoot);
      }),
      { numRuns: 150 },
    );
  });

  it("is as before when a commit fails", async () => {
    const store = MemoryStateStore.fromAlloc({ [address(1)]: { balance: "5", storage: { "0x01": "0x02" } } });
    const root = store.stateRoot;
    const storage = new Map([[slotKey(1), 9n]]);
    const diff = emptyStateDiff();
    diff.accounts.set(address(1), { ...emptyAccountDiff(), balance: 7n, storageReset: true, storage });
    diff.accounts.set(address(2), { ...emptyAccountDiff(), codeHash: new Uint8Array(32).fill(1) });
    await expect(store.commit(diff)).rejects.toMatchObject({ code: "BRAID_MISSING_CODE" });
    expect(store.stateRoot).toEqual(root);
    expect(store.version).toBe(0);
    expect(store.getAccount(hexToBytes(address(1)))?.balance).toBe(5n);
    expect(store.getStorage(hexToBytes(address(1)), hexToBytes(slotKey(1)))).toBe(2n);
    expect(store.getAccount(hexToBytes(address(2)))).toBeUndefined();
    diff.accounts.delete(address(2));
    expect(await store.commit(diff)).not.toEqual(root);
  });

  it("offers no preload when it holds too much", async () => {
    const storage = new Map<Hex, bigint>();
    for (let i = 1; i <= 200_000; i++) storage.set(slotKey(i), 1n);
    const store = new MemoryStateStore();
    const diff = emptyStateDiff();
    diff.accounts.set(address(1), { ...emptyAccountDiff(), nonce: 1n, storage });
    await store.commit(diff);
    expect(store.preload).toBeUndefined();
    diff.accounts.set(address(1), { ...emptyAccountDiff(), storage: new Map([[slotKey(1), 0n]]) });
    await store.commit(diff);
    expect(store.preload).toBeDefined();
  });

  it("remembers 257 block hashes and throws for others", () => {
    const store = new MemoryStateStore();
    for (let n = 0n; n < 300n; n++) store.setBlockHash(n, bigIntToBytes32(n));
    expect(store.getBlockHash(299n)).toEqual(bigIntToBytes32(299n));
    expect(store.getBlockHash(43n)).toEqual(bigIntToBytes32(43n));
    const missing = expect.objectContaining({ code: "BRAID_MISSING_BLOCK_HASH" });
    expect(() => store.getBlockHash(42n)).toThrow(missing);
    expect(() => store.getBlockHash(300n)).toThrow(missing);
  });

  it("throws for an unknown code, and knows the empty one", () => {
    const store = MemoryStateStore.fromAlloc({ [address(1)]: { code: bytesToHex(CODE) } });
    expect(store.getCode(CODE_HASH)).toEqual(CODE);
    expect(store.getCode(EMPTY_CODE_HASH)).toEqual(new Uint8Array(0));
    expect(() => store.getCode(new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_CODE" }),
    );
  });
});

describe("fromAlloc", () => {
  it("reads numbers and addresses in the forms that genesis files use", async () => {
    const bare = address(1).slice(2).toUpperCase();
    const store = MemoryStateStore.fromAlloc({
      [bare]: { balance: "0x10", nonce: "0x2" },
      [address(2)]: { balance: "16", nonce: 3, storage: { "01": "ff", "0x02": "0x00" } },
    });
    const model: Model = new Map();
    model.set(address(1), { nonce: 2n, balance: 16n, codeHash: EMPTY_CODE_HASH, storage: new Map() });
    const storage = new Map([[slotKey(1), 255n]]);
    model.set(address(2), { nonce: 3n, balance: 16n, codeHash: EMPTY_CODE_HASH, storage });
    expect(store.stateRoot).toEqual(await modelRoot(model));
    expect(store.version).toBe(0);
  });

  it("keeps an account that is listed without anything, and is empty without accounts", () => {
    expect(MemoryStateStore.fromAlloc({ [address(1)]: {} }).stateRoot).not.toEqual(EMPTY_TRIE_ROOT);
    expect(MemoryStateStore.fromAlloc({}).stateRoot).toEqual(EMPTY_TRIE_ROOT);
  });

  it("names the entry that it cannot read", () => {
    for (const [at, account] of [
      ["0x01", {}],
      [address(1), { balance: "ten" }],
      [address(1), { code: "0x6" }],
      [address(1), { storage: { "0x0": "-1" } }],
    ] as const) {
      const invalid = expect.objectContaining({ code: "BRAID_INVALID_GENESIS", data: { address: at } });
      expect(() => MemoryStateStore.fromAlloc({ [at]: account })).toThrow(invalid);
    }
  });
});

describe("MemoryStateSource", () => {
  const at = new Uint8Array(20).fill(1);
  const account = { nonce: 1n, balance: 2n, codeHash: CODE_HASH, hasStorage: true };
  const flat = {
    accounts: [
      { address: at, account, storage: [[bigIntToBytes32(1n), 5n]] as [Uint8Array, bigint][] },
      { address: new Uint8Array(20).fill(2), account: undefined, storage: [] },
    ],
    codes: [[CODE_HASH, CODE]] as [Uint8Array, Uint8Array][],
  };

  it("answers what the pre-state lists, and absent for the rest", () => {
    const source = MemoryStateSource.fromFlat({ ...flat, blockHashes: new Map([[7n, CODE_HASH]]) });
    expect(source.getAccount(at.slice())).toEqual(account);
    expect(source.getAccount(new Uint8Array(20).fill(2))).toBeUndefined();
    expect(source.getAccount(new Uint8Array(20).fill(3))).toBeUndefined();
    expect(source.getStorage(at, bigIntToBytes32(1n))).toBe(5n);
    expect(source.getStorage(at, bigIntToBytes32(2n))).toBe(0n);
    expect(source.getStorage(new Uint8Array(20), bigIntToBytes32(1n))).toBe(0n);
    expect(source.getCode(CODE_HASH)).toEqual(CODE);
    expect(source.getBlockHash(7n)).toEqual(CODE_HASH);
    expect(source.preload().accounts).toBe(flat.accounts);
  });

  it("throws for a code and a block hash that it was not given", () => {
    const source = new MemoryStateSource(flat);
    expect(source.getCode(EMPTY_CODE_HASH)).toEqual(new Uint8Array(0));
    expect(() => source.getCode(at)).toThrow(expect.objectContaining({ code: "BRAID_MISSING_CODE" }));
    expect(() => source.getBlockHash(7n)).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_BLOCK_HASH", data: { number: "7" } }),
    );
  });
});

describe("minimalBytes", () => {
  it("is the shortest big-endian form", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), fc.integer({ min: 0, max: 255 }), (big, shift) => {
        const value = big >> BigInt(shift);
        const bytes = minimalBytes(value);
        expect(bytes[0]).not.toBe(0);
        expect(BigInt(`0x0${Buffer.from(bytes).toString("hex")}`)).toBe(value);
      }),
    );
  });
});
