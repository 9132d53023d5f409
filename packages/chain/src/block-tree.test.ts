// The tree of blocks: branches, reorganisations, indices, logs, and states changed by hand, on both kinds of store, against a model that keeps
// the canonical chain as a list.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Executor } from "@braid/executor";
import { bigIntToBytes32, bytesToHex, type Hex, Random } from "@braid/primitives";
import { encodeBlock, hashTransaction, type Log } from "@braid/protocol";
import {
  type AccountChange,
  LmdbStateStore,
  MemoryStateStore,
  NO_ACCOUNT_CHANGE,
  type StateChanges,
  type StateStore,
  type StoredState,
  stateChangesOf,
} from "@braid/state";
import { keyed } from "@braid/testing/accounts";
import { signTransaction } from "@braid/testing/sign";
import { afterAll, describe, expect, test } from "vitest";
import { Blockchain, type HeadChange } from "./blockchain.ts";
import type { BuiltChild } from "./build-block.ts";
import { type GenesisFile, openGenesis } from "./genesis.ts";
import { logsOfBlock, matches } from "./logs.ts";

const executor = new Executor({ workers: 0 });
const folders: string[] = [];
afterAll(async () => {
  await executor.close();
  for (const folder of folders) await rm(folder, { recursive: true });
});

/** LOG1 with the first word of its input as the topic. */
const LOGGER = new Uint8Array(20).fill(0x11);
const OTHER_LOGGER = new Uint8Array(20).fill(0x12);
const LOG_CODE = "0x60003560006000a100";
/** Stores the hash of the block before it under the block's number. */
const HASHER = new Uint8Array(20).fill(0x22);
const HASH_CODE = "0x436001900340435500";
const GENESIS: GenesisFile = {
  config: {
    chainId: 1,
    homesteadBlock: 0,
    eip150Block: 0,
    eip158Block: 0,
    byzantiumBlock: 0,
    constantinopleBlock: 0,
    petersburgBlock: 0,
    istanbulBlock: 0,
    berlinBlock: 0,
    londonBlock: 0,
    terminalTotalDifficulty: 0,
    shanghaiTime: 0,
  },
  gasLimit: "0x1c9c380",
  baseFeePerGas: "0x7",
  alloc: {
    [bytesToHex(keyed(0).address)]: { balance: String(10n ** 21n) },
    [bytesToHex(keyed(1).address)]: { balance: String(10n ** 21n) },
    [bytesToHex(LOGGER)]: { code: LOG_CODE },
    [bytesToHex(OTHER_LOGGER)]: { code: LOG_CODE },
    [bytesToHex(HASHER)]: { code: HASH_CODE },
  },
};

interface Opened {
  chain: Blockchain;
  store: StateStore;
  /** The same chain, opened again. */
  reopen(): Promise<Opened>;
}

async function open(kind: string, path?: string, kept?: StateStore): Promise<Opened> {
  let folder = path;
  if (kind === "lmdb" && folder === undefined) {
    folder = await mkdtemp(join(tmpdir(), "braid-tree-"));
    folders.push(folder);
  }
  const made = folder === undefined ? (kept ?? new MemoryStateStore()) : await LmdbStateStore.open(folder);
  const { chain: rules, store, header } = await openGenesis(GENESIS, made);
  return {
    chain: new Blockchain({ chain: rules, store, executor, head: header }),
    store,
    reopen: async () => {
      if (folder !== undefined) await store.close();
      return open(kind, folder, store);
    },
  };
}

function call(to: Uint8Array, nonce: number, topic = 0, from = 0): Uint8Array {
  return signTransaction(
    {
      type: 2,
      chainId: 1n,
      nonce: BigInt(nonce),
      gasLimit: 100_000n,
      maxFeePerGas: 10n ** 9n,
      maxPriorityFeePerGas: 1n,
      to,
      value: 0n,
      data: bigIntToBytes32(BigInt(topic)),
      accessList: [],
      maxFeePerBlobGas: 0n,
      blobVersionedHashes: [],
      authorizations: [],
    },
    keyed(from),
  );
}

/** A block on `parent`; `label` makes it another one than its brothers. */
async function build(
  chain: Blockchain,
  parent: Uint8Array,
  label: number,
  transactions: Uint8Array[] = [],
): Promise<BuiltChild> {
  const { timestamp } = chain.block(parent)?.header ?? { timestamp: 0n };
  const attributes = {
    timestamp: timestamp + 12n,
    coinbase: new Uint8Array(20).fill(0xc0),
    extraData: bigIntToBytes32(BigInt(label)),
  };
  return chain.build(attributes, transactions, { parent });
}

/** Both kinds of store have all of their states, which answer at once. */
const stateOf = (chain: Blockchain, block: Uint8Array): StoredState => chain.stateAfter(block) as StoredState;

const nonceOf = ({ chain }: Opened, block: Uint8Array, account = 0): bigint =>
  stateOf(chain, block).getAccount(keyed(account).address)?.nonce ?? 0n;

/** Changes by hand that nobody else makes. */
const withNonce = (nonce: bigint): StateChanges =>
  stateChangesOf({
    accounts: new Map<Hex, AccountChange>([[bytesToHex(keyed(1).address), { ...NO_ACCOUNT_CHANGE, nonce }]]),
    codes: new Map(),
  });

describe.each(["memory", "lmdb"])("a tree of blocks in a store of kind %s", (kind) => {
  test("takes blocks on any parent, and changes over to another branch as a whole", async () => {
    let opened = await open(kind);
    const { chain } = opened;
    const changes: HeadChange[] = [];
    chain.onHeadChange((change) => changes.push(change));
    const genesis = chain.head.hash;
    const first = call(LOGGER, 0, 1);
    const second = call(LOGGER, 1, 2);
    const other = call(OTHER_LOGGER, 0, 1);
    const a1 = await build(chain, genesis, 1, [first]);
    const b1 = await build(chain, genesis, 2, [other]);
    await chain.importBlock(encodeBlock(a1.block));
    const a2 = await build(chain, a1.hash, 3, [second]);
    await chain.importBlock(encodeBlock(a2.block));
    await chain.importBlock(encodeBlock(b1.block));
    // The same transaction is in both branches, at another place.
    const b2 = await build(chain, b1.hash, 4, [call(LOGGER, 1, 3)]);
    await chain.append(b2);
    expect(chain.head.hash).toEqual(a2.hash);
    expect(chain.blockAt(1n)?.hash).toEqual(a1.hash);
    expect(chain.transaction(hashTransaction(other))).toBeUndefined();
    expect(chain.transaction(hashTransaction(second))).toMatchObject({ blockNumber: 2n, index: 0 });
    expect(chain.receipts(b1.hash)?.senders).toEqual([keyed(0).address]);
    expect([nonceOf(opened, a2.hash), nonceOf(opened, b1.hash), nonceOf(opened, genesis)]).toEqual([
      2n,
      1n,
      0n,
    ]);

    changes.length = 0;
    await chain.setHead(b2.hash, { safe: b1.hash });
    expect(
      changes.map(({ dropped, added }) => [dropped, added].map((list) => list.map(({ hash }) => hash))),
    ).toEqual([
      [
        [a2.hash, a1.hash],
        [b1.hash, b2.hash],
      ],
    ]);
    opened = await opened.reopen();
    const again = opened.chain;
    expect(again.head.hash).toEqual(b2.hash);
    expect([again.named("safe")?.hash, again.named("finalized")]).toEqual([b1.hash, undefined]);
    expect(again.blockAt(1n)?.hash).toEqual(b1.hash);
    expect(again.transaction(hashTransaction(first))).toBeUndefined();
    expect(again.transaction(hashTransaction(other))).toMatchObject({ blockNumber: 1n, index: 0 });
    expect(again.block(a2.hash)?.header).toEqual(a2.block.header);
    const logs = await again.findLogs({ first: 0n, last: 9n, addresses: [LOGGER], topics: [] });
    expect(logs.map(({ log, block }) => [log.topics, block.number])).toEqual([[[bigIntToBytes32(3n)], 2n]]);

    await again.setHead(genesis);
    expect([again.head.number, again.blockAt(1n)]).toEqual([0n, undefined]);
    expect(await again.findLogs({ first: 0n, last: 9n, addresses: [], topics: [] })).toEqual([]);
    await again.setHead(a2.hash);
    expect(again.transaction(hashTransaction(first))).toMatchObject({ blockNumber: 1n, index: 0 });
    expect(nonceOf(opened, again.head.hash)).toBe(2n);
    await opened.store.close();
  });

  test("refuses what it has and what it cannot place, and stays as it is", async () => {
    const { chain, store } = await open(kind);
    const a1 = await build(chain, chain.head.hash, 1);
    const a2 = await build(chain, chain.head.hash, 2);
    await expect(chain.importBlock(encodeBlock((await orphan(a1)).block))).rejects.toMatchObject({
      code: "BRAID_BLOCK_UNKNOWN_PARENT",
    });
    const lie = { ...a2.block, header: { ...a2.block.header, gasUsed: 1n } };
    await expect(chain.importBlock(encodeBlock(lie))).rejects.toMatchObject({
      code: "BRAID_BLOCK_WRONG_GAS_USED",
    });
    await chain.importBlock(encodeBlock(a1.block));
    await expect(chain.importBlock(encodeBlock(a1.block))).rejects.toMatchObject({
      code: "BRAID_KNOWN_BLOCK",
    });
    await expect(chain.setHead(new Uint8Array(32))).rejects.toMatchObject({ code: "BRAID_UNKNOWN_BLOCK" });
    expect(chain.head.hash).toEqual(a1.hash);
    await store.close();
  });

  test("the state can be changed by hand: the next block is executed on it, and the way back is open", async () => {
    let opened = await open(kind);
    let { chain } = opened;
    const a1 = await build(chain, chain.head.hash, 1);
    await chain.append(a1);
    const richer = withNonce(7n);
    const poorer = withNonce(3n);
    const state = await chain.changeState(richer);
    expect(chain.head.hash).toEqual(a1.hash);
    expect(nonceOf(opened, a1.hash, 1)).toBe(7n);
    opened = await opened.reopen();
    chain = opened.chain;
    expect(nonceOf(opened, a1.hash, 1)).toBe(7n);
    const a2 = await build(chain, a1.hash, 2, [call(HASHER, 7, 0, 1)]);
    await chain.append(a2);
    expect(nonceOf(opened, a2.hash, 1)).toBe(8n);
    // Block 2 sees the hash of block 1, and not of the changed state between them.
    const stored = stateOf(chain, a2.hash).getStorage(HASHER, bigIntToBytes32(2n));
    expect(bigIntToBytes32(stored)).toEqual(a1.hash);
    const a3 = await build(chain, a2.hash, 3, [call(HASHER, 8, 0, 1)]);
    await chain.append(a3);
    expect(bigIntToBytes32(stateOf(chain, a3.hash).getStorage(HASHER, bigIntToBytes32(3n)))).toEqual(a2.hash);

    await chain.setHead(a1.hash, { state: null });
    expect(nonceOf(opened, a1.hash, 1)).toBe(0n);
    // The same change again, and the same blocks.
    expect(await chain.changeState(richer)).toEqual(state);
    await chain.append(await build(chain, a1.hash, 2, [call(HASHER, 7, 0, 1)]));
    expect(chain.head.hash).toEqual(a2.hash);
    await chain.setHead(a1.hash, { state });
    expect(nonceOf(opened, a1.hash, 1)).toBe(7n);
    // Changed after a block was built: that block is the head all the same, with the state that it was built on.
    const late = await build(chain, a1.hash, 4, [call(HASHER, 7, 0, 1)]);
    await chain.changeState(poorer);
    await chain.append(late);
    expect(chain.head.hash).toEqual(late.hash);
    expect(opened.store.head?.hash).toEqual(late.hash);
    expect(nonceOf(opened, late.hash, 1)).toBe(8n);
    await opened.store.close();
  });

  test("keeps nothing of what a head leaves behind when it is told to: neither states nor blocks", async () => {
    const opened = await open(kind);
    const { chain, store } = opened;
    const genesis = chain.head.hash;
    const kept = () => store.descendants(genesis).length;
    const records = () => [...store.records()].length;
    const base = await build(chain, genesis, 1, [call(LOGGER, 0, 1)]);
    await chain.append(base);
    const [states, entries] = [kept(), records()];
    const gone: Uint8Array[] = [];
    for (let round = 0; round < 20; round++) {
      // Blocks, states changed by hand between and after them, and a branch beside.
      await chain.changeState(withNonce(BigInt(round + 5)));
      for (let i = 0; i < 2; i++) {
        const built = await build(chain, chain.head.hash, 100 + 2 * round + i, [call(LOGGER, 1 + i, 1)]);
        await chain.append(built);
        gone.push(built.hash);
      }
      const beside = await build(chain, gone.at(-2) as Uint8Array, 9_000 + round, []);
      await chain.append(beside);
      gone.push(beside.hash);
      await chain.changeState(withNonce(BigInt(round + 50)));
      expect(kept()).toBe(states + 5);
      await chain.setHead(base.hash, { state: null, forgetUnless: [] });
      expect([kept(), records()]).toEqual([states, entries]);
    }
    for (const hash of gone) {
      expect(chain.block(hash)).toBeUndefined();
      expect(chain.receipts(hash)).toBeUndefined();
    }
    // The same blocks can come again, and stay where somebody still wants to go.
    const again = await build(chain, base.hash, 7, [call(LOGGER, 1, 1)]);
    await chain.append(again);
    const state = await chain.changeState(withNonce(99n));
    await chain.setHead(base.hash, { state: null, forgetUnless: [state] });
    await chain.setHead(again.hash, { state });
    expect(nonceOf(opened, again.hash, 1)).toBe(99n);
    // Over to another branch: the one that was left goes as a whole, and what both have in common stays.
    const other = await build(chain, genesis, 8, []);
    await chain.append(other);
    await chain.setHead(other.hash, { forgetUnless: [] });
    expect(chain.block(base.hash)).toBeUndefined();
    expect(chain.head.hash).toEqual(other.hash);
    expect(kept()).toBe(2);
    await store.close();
  });

  test.each([1, 2, 3])(
    "random branches and moves of the head show what a list shows (seed %i)",
    async (seed) => {
      const random = new Random(seed);
      let opened = await open(kind);
      const blocks = [
        { hash: opened.chain.head.hash, parent: -1, logs: [] as Log[], transactions: [] as Uint8Array[] },
      ];
      let head = 0;
      const canonical = (): number[] => {
        const list: number[] = [];
        for (let i = head; i >= 0; i = blocks[i]?.parent ?? -1) list.unshift(i);
        return list;
      };
      for (let step = 0; step < 30; step++) {
        const { chain } = opened;
        const action = random.weighted([
          [5, "extend"],
          [3, "branch"],
          [3, "move"],
          [1, "reopen"],
        ] as const);
        if (action === "reopen") opened = await opened.reopen();
        else if (action === "move") {
          head = random.below(blocks.length);
          await chain.setHead((blocks[head] as (typeof blocks)[0]).hash);
        } else {
          const parent = action === "extend" ? head : random.below(blocks.length);
          const { hash } = blocks[parent] as (typeof blocks)[0];
          const nonce = Number(nonceOf(opened, hash));
          const transactions = Array.from({ length: random.below(3) }, (_, i) =>
            call(random.pick([LOGGER, OTHER_LOGGER]), nonce + i, random.below(3)),
          );
          const built = await build(chain, hash, step, transactions);
          if (random.chance(50)) await chain.append(built);
          else await chain.importBlock(encodeBlock(built.block));
          const logs = built.result.receipts.flatMap((receipt) => receipt.logs);
          blocks.push({ hash: built.hash, parent, logs, transactions });
          if (parent === head) head = blocks.length - 1;
        }
        const line = canonical();
        expect(opened.chain.head.hash).toEqual(blocks[head]?.hash);
        expect(opened.store.head?.hash).toEqual(blocks[head]?.hash);
        for (const [number, index] of line.entries())
          expect(opened.chain.blockAt(BigInt(number))?.hash).toEqual(blocks[index]?.hash);
        expect(opened.chain.blockAt(BigInt(line.length))).toBeUndefined();
        const places = new Map(
          line.flatMap((index, number) =>
            (blocks[index]?.transactions ?? []).map(
              (raw, i) => [bytesToHex(hashTransaction(raw)), `${number}/${i}`] as const,
            ),
          ),
        );
        for (const raw of new Set(blocks.flatMap(({ transactions }) => transactions))) {
          const found = opened.chain.transaction(hashTransaction(raw));
          expect(found && `${found.blockNumber}/${found.index}`).toBe(
            places.get(bytesToHex(hashTransaction(raw))),
          );
        }
        const filter = {
          addresses: random.pick([[], [LOGGER], [LOGGER, OTHER_LOGGER]]),
          topics: random.pick([
            [],
            [[]],
            [[bigIntToBytes32(1n)]],
            [[bigIntToBytes32(0n), bigIntToBytes32(2n)]],
          ]),
        };
        const expected = line.flatMap((index) =>
          (blocks[index]?.logs ?? []).filter((log) => matches(log, filter)),
        );
        const found = await opened.chain.findLogs({ first: 0n, last: BigInt(line.length), ...filter });
        expect(found.map(({ log }) => log)).toEqual(expected);
      }
      await opened.store.close();
    },
  );
});

test("a search for logs has a limit, and counts a log's place in its block", async () => {
  const { chain } = await open("memory");
  const built = await build(
    chain,
    chain.head.hash,
    1,
    [0, 1, 2].map((nonce) => call(LOGGER, nonce, nonce)),
  );
  const stored = await chain.append(built);
  const all = { addresses: [], topics: [] };
  await expect(chain.findLogs({ first: 0n, last: 1n, ...all, limit: 2 })).rejects.toMatchObject({
    code: "BRAID_TOO_MANY_LOGS",
  });
  expect(await chain.findLogs({ first: 0n, last: 1n, ...all, limit: 3 })).toHaveLength(3);
  const receipts = chain.receipts(stored.hash) ?? { receipts: [], senders: [] };
  const [only] = logsOfBlock(stored, receipts, { addresses: [], topics: [[bigIntToBytes32(2n)]] });
  expect([only?.transactionIndex, only?.logIndex]).toEqual([2, 2]);
  // More topics than the log has.
  expect(logsOfBlock(stored, receipts, { addresses: [], topics: [[], []] })).toEqual([]);
});

test("what a builder leaves out says why, and the block is there all the same", async () => {
  const { chain } = await open("memory");
  const built = await build(chain, chain.head.hash, 1, [call(LOGGER, 0), call(LOGGER, 5), call(LOGGER, 1)]);
  expect(built.result.leftOut.map(({ index, error }) => [index, error.code])).toEqual([
    [1, "BRAID_TX_NONCE_TOO_HIGH"],
  ]);
  await chain.append(built);
  expect(chain.head.block.transactions).toHaveLength(2);
  // Another chain accepts it as it stands.
  const follower = await open("memory");
  await follower.chain.importBlock(encodeBlock(built.block));
  expect(follower.chain.head.hash).toEqual(built.hash);
});

/** A valid block on a block that nobody else has. */
async function orphan(parent: BuiltChild): Promise<BuiltChild> {
  const { chain } = await open("memory");
  await chain.importBlock(encodeBlock(parent.block));
  return build(chain, parent.hash, 9);
}

describe.each(["memory", "lmdb"])("branches that lie deep, in %s", (kind) => {
  test("are given up, unless somebody needs them", { timeout: 60_000 }, async () => {
    const { chain, store } = await open(kind);
    const build = async (parent: Uint8Array, topic: number, by = 1n): Promise<Uint8Array> => {
      const { timestamp } = chain.block(parent)?.header ?? chain.first.header;
      const coinbase = bigIntToBytes32(BigInt(topic)).slice(12);
      const built = await chain.build({ timestamp: timestamp + by, coinbase }, [], { parent });
      await chain.append(built);
      return built.hash;
    };
    const line = [chain.first.hash];
    for (let i = 0; i < 30; i++) line.push(await build(line.at(-1) as Uint8Array, 0));
    // Beside blocks 1 to 30, each with one more on top of it.
    const beside: Uint8Array[] = [];
    const above: Uint8Array[] = [];
    for (let i = 0; i < 30; i++) {
      beside.push(await build(line[i] as Uint8Array, i + 1));
      above.push(await build(beside.at(-1) as Uint8Array, i + 1));
    }
    expect(chain.head.number).toBe(30n);
    const kept = (hashes: readonly Uint8Array[]): number[] =>
      hashes.flatMap((hash, i) => (chain.block(hash) === undefined ? [] : [i]));
    const needed = [above[17] as Uint8Array];
    await chain.forgetBranches(10n, () => needed);
    // Those of the blocks from 9 on up to 19 are deeper than ten, and no deeper than twice that, and one of them is needed.
    const left = Array.from({ length: 30 }, (_, i) => i).filter((i) => i < 9 || i > 19 || i === 17);
    expect(kept(beside)).toEqual(left);
    expect(kept(above)).toEqual(left);
    expect(store.block(above[18] as Uint8Array)).toBeUndefined();
    expect(kept(line)).toHaveLength(31);
    await chain.forgetBranches(10n, () => []);
    expect(kept(beside)).not.toContain(17);
    // A chain goes on from what is left.
    await chain.setHead(above[25] as Uint8Array);
    expect(chain.head.number).toBe(27n);
    await chain.setHead(line[30] as Uint8Array);
    expect(chain.blockAt(27n)?.hash).toEqual(line[27]);
  });
});
