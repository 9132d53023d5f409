// Stores of states against a model of plain maps and @ethereumjs/mpt: forks, ways back, atomicity, and first states.
import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "./constants.ts";
import { changesOfAlloc } from "./initial-state.ts";
import { keccak256 } from "./keccak.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { type AccountChange, NO_ACCOUNT_CHANGE, type StateChangesParts } from "./state-changes.ts";
import { stateChangesOf } from "./state-changes-writer.ts";
import { addressOf, CODE, CODE_HASH, slotOf, stateChanges } from "./testing/arbitrary-changes.ts";
import { accountTrie, type Model, modelAfter, modelAnswers, readAll } from "./testing/model.ts";

const at = (n: number): Hex => bytesToHex(addressOf(n));
const slotKey = (n: number): Hex => bytesToHex(slotOf(n));
/** What a test calls its blocks. */
const hashOf = (n: number): Uint8Array => keccak256(bigIntToBytes32(BigInt(n)));

/** One thing that happens to a store: a block on top of some block, or a move of the head to one. Blocks are picked modulo their number. */
type Step =
  | { kind: "block"; parent: number; made: { parts: StateChangesParts } }
  | { kind: "head"; block: number };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("block" as const), parent: fc.nat(), made: stateChanges }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("head" as const), block: fc.nat() }) },
  ),
  { maxLength: 10 },
);

interface ModelBlock {
  hash: Uint8Array;
  number: bigint;
  parent: ModelBlock | undefined;
  state: Model;
}

describe("MemoryStateStore", () => {
  it("answers reads and roots of every block as a model does, through forks and ways back", async () => {
    await fc.assert(
      fc.asyncProperty(stateChanges, steps, async (first, script) => {
        const store = new MemoryStateStore();
        const blocks: ModelBlock[] = [
          { hash: hashOf(0), number: 5n, parent: undefined, state: modelAfter(new Map(), first.parts) },
        ];
        await store.prepare(undefined, first.changes).commit({ hash: hashOf(0), number: 5n });
        let head = 0;
        for (const step of script) {
          if (step.kind === "head") {
            head = step.block % blocks.length;
            await store.setHead(hashOf(head));
          } else {
            const index = step.parent % blocks.length;
            const parent = blocks[index] as ModelBlock;
            const state = modelAfter(parent.state, step.made.parts);
            const prepared = store.prepare(parent.hash, stateChangesOf(step.made.parts));
            expect(bytesToHex(prepared.root)).toBe(bytesToHex((await accountTrie(state)).root()));
            const block = { hash: hashOf(blocks.length), number: parent.number + 1n, parent, state };
            await prepared.commit(block);
            if (index === head) head = blocks.length;
            blocks.push(block);
          }
          expect(store.head).toMatchObject({ hash: hashOf(head) });
          for (const { hash, state } of blocks)
            expect(await readAll(store.stateAt(hash))).toEqual(modelAnswers(state));
          const { preload, stateRoot } = store.stateAt(hashOf(head));
          expect(
            MemoryStateStore.fromFlat(preload?.() ?? { accounts: [], codes: [] }).head.stateRoot,
          ).toEqual(stateRoot);
        }
        checkBlockHashes(store, blocks);
      }),
      { numRuns: 120 },
    );
  });

  it("tells the changes from where the head was to where it is", async () => {
    await fc.assert(
      fc.asyncProperty(stateChanges, steps, async (first, script) => {
        const store = new MemoryStateStore();
        await store.prepare(undefined, first.changes).commit({ hash: hashOf(0), number: 0n });
        // A follower that knows the head's state and nothing else.
        let root = store.head?.stateRoot as Uint8Array;
        let state = modelAfter(new Map(), first.parts);
        let count = 1;
        for (const step of script) {
          if (step.kind === "head") await store.setHead(hashOf(step.block % count));
          else {
            const prepared = store.prepare(hashOf(step.parent % count), stateChangesOf(step.made.parts));
            await prepared.commit({ hash: hashOf(count), number: BigInt(count) });
            count++;
          }
          const source = store.stateAt(store.head?.hash as Uint8Array);
          const way = source.changesSince?.(root);
          if (bytesToHex(root) !== bytesToHex(source.stateRoot as Uint8Array)) expect(way).toBeDefined();
          for (const changes of way ?? []) state = modelAfter(state, changes);
          root = source.stateRoot as Uint8Array;
          expect(modelAnswers(state)).toEqual(await readAll(source));
        }
        expect(store.stateAt(hashOf(0)).changesSince?.(hashOf(77))).toBeUndefined();
      }),
      { numRuns: 120 },
    );
  });

  function checkBlockHashes(store: MemoryStateStore, blocks: ModelBlock[]): void {
    for (const block of blocks) {
      const source = store.stateAt(block.hash);
      for (let ancestor: ModelBlock | undefined = block; ancestor !== undefined; ancestor = ancestor.parent)
        expect(source.getBlockHash(ancestor.number)).toEqual(ancestor.hash);
      const missing = expect.objectContaining({ code: "BRAID_MISSING_BLOCK_HASH" });
      expect(() => source.getBlockHash(block.number + 1n)).toThrow(missing);
      expect(() => source.getBlockHash(4n)).toThrow(missing);
    }
  }

  it("knows the hashes from before its first block when it was told them", () => {
    const ancestors = new Map([
      [3n, hashOf(3)],
      [9n, hashOf(9)],
    ]);
    const store = MemoryStateStore.fromAlloc({}, { hash: hashOf(4), number: 4n, ancestors });
    const source = store.stateAt(hashOf(4));
    expect(source.getBlockHash(3n)).toEqual(hashOf(3));
    expect(source.getBlockHash(4n)).toEqual(hashOf(4));
    for (const number of [2n, 9n])
      expect(() => source.getBlockHash(number)).toThrow(
        expect.objectContaining({ code: "BRAID_MISSING_BLOCK_HASH" }),
      );
  });

  it("is as before when a state cannot be prepared, and is not changed by one that is not committed", async () => {
    const store = MemoryStateStore.fromAlloc({ [at(1)]: { balance: "5", storage: { "0x01": "0x02" } } });
    const { hash } = store.head;
    const change = {
      ...NO_ACCOUNT_CHANGE,
      balance: 7n,
      storageReset: true,
      storage: new Map([[slotKey(1), 9n]]),
    };
    const accounts = new Map<Hex, AccountChange>([[at(1), change]]);
    const unknown = { ...NO_ACCOUNT_CHANGE, codeHash: new Uint8Array(32).fill(1) };
    const lacking = stateChangesOf({ accounts: new Map(accounts).set(at(2), unknown) });
    expect(() => store.prepare(hash, lacking)).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_CODE" }),
    );
    expect(store.prepare(hash, stateChangesOf({ accounts })).root).not.toEqual(store.head.stateRoot);
    expect(store.head.hash).toEqual(hash);
    const source = store.stateAt(hash);
    expect(source.getAccount(addressOf(1))).toMatchObject({ balance: 5n });
    expect(source.getStorage(addressOf(1), slotOf(1))).toBe(2n);
    expect(source.getAccount(addressOf(2))).toBeUndefined();
  });

  it("refuses unknown blocks, and known ones a second time", async () => {
    const store = MemoryStateStore.fromAlloc({}, { hash: hashOf(0), number: 0n });
    const nothing = stateChangesOf({});
    const unknown = { code: "BRAID_UNKNOWN_BLOCK", data: { block: bytesToHex(hashOf(1)) } };
    expect(() => store.stateAt(hashOf(1))).toThrow(expect.objectContaining(unknown));
    expect(() => store.prepare(hashOf(1), nothing)).toThrow(expect.objectContaining(unknown));
    await expect(store.setHead(hashOf(1))).rejects.toMatchObject(unknown);
    expect(store.block(hashOf(1))).toBeUndefined();
    const prepared = store.prepare(hashOf(0), nothing);
    await prepared.commit({ hash: hashOf(1), number: 1n });
    expect(store.block(hashOf(1))).toMatchObject({ number: 1n, stateRoot: EMPTY_TRIE_ROOT });
    const known = { code: "BRAID_KNOWN_BLOCK" };
    await expect(prepared.commit({ hash: hashOf(1), number: 1n })).rejects.toMatchObject(known);
    await expect(
      store.prepare(undefined, nothing).commit({ hash: hashOf(2), number: 2n }),
    ).rejects.toMatchObject(known);
    expect(store.head.hash).toEqual(hashOf(1));
  });

  it("offers no preload when it holds too much, nor of another block than the head", async () => {
    const storage = new Map<Hex, bigint>();
    for (let i = 1; i <= 200_000; i++) storage.set(bytesToHex(bigIntToBytes32(BigInt(i))), 1n);
    const store = new MemoryStateStore();
    const many = stateChangesOf({
      accounts: new Map([[at(1), { ...NO_ACCOUNT_CHANGE, nonce: 1n, storage }]]),
    });
    await store.prepare(undefined, many).commit({ hash: hashOf(0), number: 0n });
    expect(store.stateAt(hashOf(0)).preload).toBeUndefined();
    const less = stateChangesOf({
      accounts: new Map([[at(1), { ...NO_ACCOUNT_CHANGE, storage: new Map([[slotKey(1), 0n]]) }]]),
    });
    await store.prepare(hashOf(0), less).commit({ hash: hashOf(1), number: 1n });
    expect(store.stateAt(hashOf(1)).preload?.().accounts[0]?.storage).toHaveLength(199_999);
    expect(store.stateAt(hashOf(0)).preload).toBeUndefined();
    await store.setHead(hashOf(0));
    expect(store.stateAt(hashOf(1)).preload).toBeUndefined();
  });

  it("throws for an unknown code, and knows the empty one", () => {
    const store = MemoryStateStore.fromAlloc({ [at(1)]: { code: bytesToHex(CODE) } });
    const source = store.stateAt(store.head.hash);
    expect(source.getCode(CODE_HASH)).toEqual(CODE);
    expect(source.getCode(EMPTY_CODE_HASH)).toEqual(new Uint8Array(0));
    expect(() => source.getCode(new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_CODE" }),
    );
  });
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
