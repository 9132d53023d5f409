// Stores of states, in memory and on disk: one behaviour. Against a model of plain maps and @ethereumjs/mpt: forks, ways back, pruning,
// proofs, entries of the caller's, and what is refused.
import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "../constants.ts";
import { changesOfAlloc } from "../initial-state.ts";
import { type AccountChange, NO_ACCOUNT_CHANGE, type StateChanges } from "../state-changes.ts";
import { stateChangesOf } from "../state-changes-writer.ts";
import { addressOf, CODE, CODE_HASH, slotOf, stateChanges } from "../testing/arbitrary-changes.ts";
import { accountTrie, type Model, modelAfter, modelAnswers, readAll } from "../testing/model.ts";
import { checkRootsAndProofs, liveScript, steps } from "../testing/store-script.ts";
import { hashOf, openStore, STORE_KINDS } from "../testing/stores.ts";
import { MemoryBackend } from "./memory-backend.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import type { StateStore } from "./state-store.ts";

const at = (n: number): Hex => bytesToHex(addressOf(n));
const slotKey = (n: number): Hex => bytesToHex(slotOf(n));
const NOTHING = stateChangesOf({});
const ALL = Number.POSITIVE_INFINITY;

const changesTo = (change: Partial<AccountChange>, n = 1): StateChanges =>
  stateChangesOf({ accounts: new Map([[at(n), { ...NO_ACCOUNT_CHANGE, ...change }]]) });

async function begin(store: StateStore, changes = NOTHING): Promise<void> {
  await store.prepare(undefined, changes).commit({ hash: hashOf(0), number: 0n });
}

describe.each(STORE_KINDS)("a store in %s", (kind) => {
  const runs = Number(process.env.BRAID_ROUNDS ?? (kind === "memory" ? 40 : 15));

  it.each([ALL, 1, 2, 4])(
    "answers for every kept block as a model does, keeping %d",
    async (keep) => {
      const property = fc.asyncProperty(stateChanges, steps(12), async (first, script) => {
        const opened = await openStore(kind, keep === ALL ? {} : { keep });
        const model = await liveScript(opened, keep, first, script);
        await checkRootsAndProofs(opened, model);
        await opened.reopen();
        await checkRootsAndProofs(opened, model);
        await opened.remove();
      });
      await fc.assert(property, { numRuns: runs });
    },
    3_600_000,
  );

  it("tells the changes from where the head was to where it is", async () => {
    const property = fc.asyncProperty(stateChanges, steps(10), async (first, script) => {
      const opened = await openStore(kind);
      const { store } = opened;
      await begin(store, first.changes);
      // A follower that knows the head's state and nothing else.
      let root = store.head?.stateRoot as Uint8Array;
      let state = modelAfter(new Map(), first.parts);
      let count = 1;
      for (const step of script) {
        if (step.kind === "head") await store.setHead(hashOf(step.block % count));
        else if (step.kind === "block") {
          const prepared = store.prepare(hashOf(step.parent % count), step.made.changes);
          await prepared.commit({ hash: hashOf(count), number: BigInt(count) });
          count++;
        }
        const source = store.stateAt(store.head?.hash as Uint8Array);
        const way = source.changesSince?.(root);
        if (bytesToHex(root) !== bytesToHex(source.stateRoot)) expect(way).toBeDefined();
        for (const changes of way ?? []) state = modelAfter(state, changes);
        root = source.stateRoot;
        expect(modelAnswers(state)).toEqual(await readAll(source));
      }
      expect(store.stateAt(hashOf(0)).changesSince?.(hashOf(77))).toBeUndefined();
      await opened.remove();
    });
    await fc.assert(property, { numRuns: runs });
  }, 3_600_000);

  it("is as before when a state cannot be prepared, and is not changed by one that is not committed", async () => {
    const { store } = await openStore(kind);
    await begin(store, changesTo({ balance: 5n, storage: new Map([[slotKey(1), 2n]]) }));
    const change = { balance: 7n, storageReset: true, storage: new Map([[slotKey(1), 9n]]) };
    const unknown = changesTo({ ...change, codeHash: new Uint8Array(32).fill(1) });
    expect(() => store.prepare(hashOf(0), unknown)).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_CODE" }),
    );
    expect(store.prepare(hashOf(0), changesTo(change)).root).not.toEqual(store.head?.stateRoot);
    expect(store.head?.hash).toEqual(hashOf(0));
    const source = store.stateAt(hashOf(0));
    expect(source.getAccount(addressOf(1))).toMatchObject({ balance: 5n });
    expect(source.getStorage(addressOf(1), slotOf(1))).toBe(2n);
    expect(source.getAccount(addressOf(2))).toBeUndefined();
  });

  it("keeps a block and the caller's entries together or not at all", async () => {
    const { store } = await openStore(kind);
    await begin(store);
    const key = Uint8Array.of(1, 2);
    const prepared = store.prepare(hashOf(0), changesTo({ nonce: 1n }));
    for (const wrong of [new Uint8Array(0), new Uint8Array(1_025)]) {
      const records = [
        { key, value: Uint8Array.of(1) },
        { key: wrong, value: Uint8Array.of(1) },
      ];
      expect(() => prepared.commit({ hash: hashOf(1), number: 1n }, records)).toThrow(
        expect.objectContaining({ code: "BRAID_RECORD_KEY" }),
      );
    }
    const known = { code: "BRAID_KNOWN_BLOCK" };
    await expect(
      prepared.commit({ hash: hashOf(0), number: 1n }, [{ key, value: key }]),
    ).rejects.toMatchObject(known);
    expect(store.record(key)).toBeUndefined();
    expect(store.block(hashOf(1))).toBeUndefined();
    const value = Uint8Array.of(5);
    const committed = prepared.commit({ hash: hashOf(1), number: 1n }, [{ key, value }]);
    // What the caller does to its array afterwards is its own business.
    value[0] = 6;
    await committed;
    expect(store.record(key)).toEqual(Uint8Array.of(5));
    await store.write([
      { key, value: undefined },
      { key: Uint8Array.of(1), value: new Uint8Array(100_000).fill(7) },
    ]);
    expect(store.record(key)).toBeUndefined();
    expect(store.record(Uint8Array.of(1))).toEqual(new Uint8Array(100_000).fill(7));
  });

  it("gives the caller's entries of a range, in order and in reverse", async () => {
    const keys = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 3 }), { selector: bytesToHex });
    const bound = fc.option(fc.uint8Array({ minLength: 1, maxLength: 3 }), { nil: undefined });
    const property = fc.asyncProperty(keys, bound, bound, fc.boolean(), async (all, from, to, reverse) => {
      const opened = await openStore(kind);
      await opened.store.write(all.map((key) => ({ key, value: key })));
      const inRange = all
        .map(bytesToHex)
        .filter(
          (key) =>
            (from === undefined || key >= bytesToHex(from)) && (to === undefined || key < bytesToHex(to)),
        )
        .sort();
      const range = { ...(from && { from }), ...(to && { to }), reverse };
      const found = [...opened.store.records(range)].map(([key, value]) => [
        bytesToHex(key),
        bytesToHex(value),
      ]);
      const expected = reverse ? inRange.reverse() : inRange;
      expect(found).toEqual(expected.map((key) => [key, key]));
      await opened.remove();
    });
    await fc.assert(property, { numRuns: kind === "memory" ? 100 : 30 });
  });

  it("writes in the order in which it was asked to, whoever waits for what", async () => {
    const { store } = await openStore(kind);
    const key = Uint8Array.of(1);
    const begun = begin(store);
    await begun;
    const prepared = store.prepare(hashOf(0), changesTo({ nonce: 1n }));
    const writes = [
      prepared.commit({ hash: hashOf(1), number: 1n }, [{ key, value: Uint8Array.of(1) }]),
      prepared.commit({ hash: hashOf(2), number: 1n }, [{ key, value: Uint8Array.of(2) }]),
      store.setHead(hashOf(2), [{ key, value: Uint8Array.of(3) }]),
      store.write([{ key, value: Uint8Array.of(4) }]),
      store.setHead(hashOf(7)),
      store.flush(),
    ];
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...new Array(4).fill("fulfilled"),
      "rejected",
      "fulfilled",
    ]);
    expect(store.record(key)).toEqual(Uint8Array.of(4));
    expect(store.head?.hash).toEqual(hashOf(2));
  });

  it("refuses unknown blocks, and known ones a second time", async () => {
    const { store } = await openStore(kind);
    expect(store.head).toBeUndefined();
    await begin(store);
    const unknown = { code: "BRAID_UNKNOWN_BLOCK", data: { block: bytesToHex(hashOf(1)) } };
    expect(() => store.stateAt(hashOf(1))).toThrow(expect.objectContaining(unknown));
    expect(() => store.prepare(hashOf(1), NOTHING)).toThrow(expect.objectContaining(unknown));
    await expect(store.setHead(hashOf(1))).rejects.toMatchObject(unknown);
    expect(store.block(hashOf(1))).toBeUndefined();
    const prepared = store.prepare(hashOf(0), NOTHING);
    await prepared.commit({ hash: hashOf(1), number: 1n });
    expect(store.block(hashOf(1))).toMatchObject({ number: 1n, stateRoot: EMPTY_TRIE_ROOT });
    const known = { code: "BRAID_KNOWN_BLOCK" };
    await expect(prepared.commit({ hash: hashOf(1), number: 1n })).rejects.toMatchObject(known);
    const second = store.prepare(undefined, NOTHING).commit({ hash: hashOf(2), number: 2n });
    await expect(second).rejects.toMatchObject(known);
    expect(store.head?.hash).toEqual(hashOf(1));
  });

  it("refuses a state whose parent was pruned meanwhile", async () => {
    const { store } = await openStore(kind, { keep: 1 });
    await begin(store);
    const late = store.prepare(hashOf(0), changesTo({ nonce: 9n }));
    await store.prepare(hashOf(0), changesTo({ nonce: 1n })).commit({ hash: hashOf(1), number: 1n });
    await expect(late.commit({ hash: hashOf(2), number: 1n })).rejects.toMatchObject({
      code: "BRAID_UNKNOWN_BLOCK",
    });
  });

  it("knows the hashes of 256 blocks when it keeps fewer, and those from before its first block when it was told them", async () => {
    const { store } = await openStore(kind, { keep: 3 });
    const ancestors = new Map([
      [1_999n, hashOf(1_999)],
      [1_998n, hashOf(1_998)],
    ]);
    await store.prepare(undefined, NOTHING).commit({ hash: hashOf(2_000), number: 2_000n, ancestors });
    const missing = expect.objectContaining({ code: "BRAID_MISSING_BLOCK_HASH" });
    for (let n = 2_001; n <= 2_300; n++) {
      const state = store.stateAt(hashOf(n - 1));
      for (let back = 1; back <= 256 && n - back >= 1_998; back += back < 4 ? 1 : 63)
        expect(state.getBlockHash(BigInt(n - back))).toEqual(hashOf(n - back));
      expect(() => state.getBlockHash(BigInt(n))).toThrow(missing);
      await store.prepare(hashOf(n - 1), NOTHING).commit({ hash: hashOf(n), number: BigInt(n) });
    }
    expect(() => store.stateAt(hashOf(2_300)).getBlockHash(2_001n)).toThrow(missing);
  });

  it("offers all of a small state at once, of the head alone", async () => {
    const { store } = await openStore(kind);
    const storage = new Map(Array.from({ length: 20 }, (_, i): [Hex, bigint] => [slotKey(i + 1), 1n]));
    const changes = stateChangesOf({
      accounts: new Map([[at(1), { ...NO_ACCOUNT_CHANGE, nonce: 1n, codeHash: CODE_HASH, storage }]]),
      codes: new Map([[bytesToHex(CODE_HASH), CODE]]),
    });
    await begin(store, changes);
    const whole = store.stateAt(hashOf(0)).preload?.();
    expect(whole?.codes).toEqual([[CODE_HASH, CODE]]);
    expect(MemoryStateStore.fromFlat(whole ?? { accounts: [], codes: [] }).head.stateRoot).toEqual(
      store.head?.stateRoot,
    );
    const less = changesTo({ storage: new Map([[slotKey(1), 0n]]) });
    await store.prepare(hashOf(0), less).commit({ hash: hashOf(1), number: 1n });
    expect(store.stateAt(hashOf(1)).preload?.().accounts[0]?.storage).toHaveLength(19);
    expect(store.stateAt(hashOf(0)).preload).toBeUndefined();
  });

  it("offers nothing of a state that is too large", async () => {
    const small = Object.assign(new MemoryBackend(), { preloadLimit: 20_000 });
    const store = kind === "memory" ? new MemoryStateStore({}, small) : (await openStore(kind)).store;
    const storage = new Map<Hex, bigint>();
    for (let i = 1; i <= 20_000; i++) storage.set(bytesToHex(bigIntToBytes32(BigInt(i))), 1n);
    await begin(store, changesTo({ nonce: 1n, storage }));
    expect(store.stateAt(hashOf(0)).preload).toBeUndefined();
    expect(store.stateAt(hashOf(0)).getStorage(addressOf(1), bigIntToBytes32(20_000n))).toBe(1n);
  }, 120_000);

  it("throws for an unknown code, and knows the empty one", async () => {
    const { store } = await openStore(kind);
    const codes = new Map([[bytesToHex(CODE_HASH), CODE]]);
    const accounts = new Map([[at(1), { ...NO_ACCOUNT_CHANGE, codeHash: CODE_HASH }]]);
    await begin(store, stateChangesOf({ accounts, codes }));
    const source = store.stateAt(hashOf(0));
    expect(source.getCode(CODE_HASH)).toEqual(CODE);
    expect(source.getCode(EMPTY_CODE_HASH)).toEqual(new Uint8Array(0));
    expect(() => source.getCode(new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_CODE" }),
    );
  });
});

it("keeps at least one block", () => {
  for (const keep of [0, -1, Number.NaN]) expect(() => new MemoryStateStore({ keep })).toThrow(RangeError);
});

describe("a genesis alloc", () => {
  const rootOf = (alloc: Parameters<typeof changesOfAlloc>[0]): Uint8Array =>
    new MemoryStateStore().prepare(undefined, changesOfAlloc(alloc)).root;

  it("is read in the forms that genesis files use", async () => {
    const root = rootOf({
      [at(1).slice(2).toUpperCase()]: { balance: "0x10", nonce: "0x2" },
      [at(2)]: { balance: "16", nonce: 3, storage: { "01": "ff", "0x02": "0x00" } },
    });
    const storage = new Map([[slotKey(1), 255n]]);
    const model: Model = new Map([
      [at(1), { nonce: 2n, balance: 16n, codeHash: EMPTY_CODE_HASH, storage: new Map() }],
      [at(2), { nonce: 3n, balance: 16n, codeHash: EMPTY_CODE_HASH, storage }],
    ]);
    expect(root).toEqual((await accountTrie(model)).root());
  });

  it("may list an account without anything, and no account", () => {
    expect(rootOf({ [at(1)]: {} })).not.toEqual(EMPTY_TRIE_ROOT);
    expect(rootOf({})).toEqual(EMPTY_TRIE_ROOT);
  });

  it("names the entry that cannot be read", () => {
    for (const [address, account] of [
      ["0x01", {}],
      [at(1), { balance: "ten" }],
      [at(1), { code: "0x6" }],
      [at(1), { storage: { "0x0": "-1" } }],
      [at(1), { nonce: 2 ** 64 }],
      [at(1), { balance: (2n ** 256n).toString() }],
      [at(1), { storage: { "0x0": `0x1${"0".repeat(64)}` } }],
    ] as const) {
      const invalid = expect.objectContaining({ code: "BRAID_INVALID_GENESIS", data: { address } });
      expect(() => changesOfAlloc({ [address]: account })).toThrow(invalid);
    }
  });
});
