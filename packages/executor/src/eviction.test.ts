// Chains of random blocks on state arenas that hold a fraction of what they read: what was dropped is read again, and the results are
// those of stock ethereumjs and of an executor that has never seen the state before.

import { randomInt } from "node:crypto";
import { bytesToHex, Random } from "@braid/primitives";
import { type BegunStore, type FlatPreState, MemoryStateStore, type StateSource } from "@braid/state";
import { runOnce } from "@braid/stock/run-once";
import { type KeyedAccount, keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock, randomBlockOn } from "@braid/testing/random-block";
import { TOOL, tool } from "@braid/testing/tool";
import { expect, onTestFinished, test } from "vitest";
import type { ExecuteBlockInput } from "./block/block-input.ts";
import { Executor } from "./executor.ts";
import type { BlockResult } from "./result/block-result.ts";
import { SeededExecutor } from "./seeded-executor.ts";
import { fingerprint, inputOf, outcomeOfBraid, outcomeOfStock, runBraid } from "./testing/agree.ts";

const KIB = 1024;
const BLOCKS = 10;
const ROUNDS = Number(process.env.BRAID_ROUNDS ?? 1);
/** Contracts with many slots, of which each block looks at some. */
const WIDE = [70, 71, 72].map(plainAddress);
const SLOTS = 200;
const READER: KeyedAccount = keyed(40);

interface Executing {
  executeBlock(input: ExecuteBlockInput): Promise<BlockResult>;
}

/** What an executor asked its sources for. */
class Asked {
  readonly #keys = new Set<string>();
  /** For what it had been told before: it has forgotten it since. */
  again = 0;

  count(...key: Uint8Array[]): void {
    const text = key.map(bytesToHex).join();
    this.again += Number(this.#keys.has(text));
    this.#keys.add(text);
  }
}

/** The newest state: a source that the cache follows from the one before. `preload`: or one that is loaded whole when it is new. */
function newest(store: BegunStore, block: TestBlock, preload: boolean, asked: Asked): StateSource {
  const state = store.stateAt(store.head.hash);
  return {
    getAccount: (address) => {
      asked.count(address);
      return state.getAccount(address);
    },
    getStorage: (address, slot) => {
      asked.count(address, slot);
      return state.getStorage(address, slot);
    },
    getCode: (hash) => state.getCode(hash),
    // All blocks of the chain have one number: the store's newest block is not the parent that the block names.
    getBlockHash: (number) => block.blockHashes.get(number) as Uint8Array,
    stateRoot: state.stateRoot,
    changesSince: (root) => state.changesSince?.(root),
    ...(preload ? { preload: () => flatOf(store) } : {}),
  };
}

function flatOf(store: BegunStore): FlatPreState {
  return store.stateAt(store.head.hash).preload?.() as FlatPreState;
}

/** Some slots of the wide contracts: read, written, set to zero. */
function lookAround(seed: number): (block: BlockBuilder) => void {
  const random = new Random(seed);
  return (block) => {
    for (let i = 0; i < 60; i++) {
      const to = random.pick(WIDE);
      const slot = random.below(SLOTS);
      const data = random.pick([tool.load(slot), tool.load(slot), tool.increment(slot), tool.store(slot, 0)]);
      block.send({ from: READER, to, data, gasLimit: 200_000 });
    }
  };
}

async function firstState(fork: Fork, seed: number): Promise<BegunStore> {
  const random = await randomBlock(fork, seed);
  const builder = new BlockBuilder(fork);
  for (const address of WIDE)
    builder.contract(address, TOOL, {
      storage: Array.from({ length: SLOTS }, (_, slot) => [slot, slot % 3] as const),
    });
  builder.fund(READER);
  const wide = (await builder.build()).pre;
  const known = new Set(random.pre.accounts.map(({ address }) => String(address)));
  const pre: FlatPreState = {
    accounts: [...random.pre.accounts, ...wide.accounts.filter(({ address }) => !known.has(String(address)))],
    codes: [...random.pre.codes, ...wide.codes],
  };
  const number = random.input.header.number - 1n;
  const hash = random.blockHashes.get(number) as Uint8Array;
  return MemoryStateStore.fromFlat(pre, { hash, number, ancestors: random.blockHashes });
}

interface Count {
  blocks: number;
  /** How often the arena was full all the same. */
  full: number;
  askedAgain: number;
}

/** Runs a chain of blocks, each on the state after the one before. */
async function runChain(
  fork: Fork,
  seed: number,
  preload: boolean,
  executors: readonly Executing[],
): Promise<Count> {
  const store = await firstState(fork, seed);
  const count: Count = { blocks: 0, full: 0, askedAgain: 0 };
  const asked = executors.map(() => new Asked());
  for (let i = 0; i < BLOCKS; i++) {
    const block = await randomBlockOn(fork, seed + i, flatOf(store), lookAround(seed + i));
    const expected = await runOnce(block).then(outcomeOfStock, (error: unknown) => {
      // A delegated sender may have lost its ether: then there is no such block.
      expect(String(error)).toContain("enough funds");
      return undefined;
    });
    const cold = expected === undefined ? undefined : await runBraid(block, 1, { mode: "sequential" });
    if (cold !== undefined) expect(await outcomeOfBraid(block, cold)).toEqual(expected);
    for (const [e, executor] of executors.entries()) {
      const input = inputOf(block, { source: newest(store, block, preload, asked[e] as Asked) });
      const result = await executor.executeBlock(input).catch((error: unknown) => {
        if (cold !== undefined) throw error;
        expect(error).toMatchObject({ code: "BRAID_TX_INSUFFICIENT_FUNDS" });
        return undefined;
      });
      if (cold === undefined || result === undefined) continue;
      expect(JSON.parse(fingerprint(result)), `block ${i}`).toEqual(JSON.parse(fingerprint(cold)));
      count.full += Number(result.statistics.fallback?.reason === "arena-full");
      count.blocks++;
    }
    if (cold === undefined) continue;
    const after = store.prepare(store.head.hash, cold.stateChanges);
    await after.commit({ hash: after.root, number: block.input.header.number - 1n });
  }
  count.askedAgain = asked.reduce((sum, { again }) => sum + again, 0);
  return count;
}

// A block reads up to 16 KiB. The smaller arena is full now and then all the same.
test.each<[Fork, number]>([
  ["spuriousDragon", 12],
  ["spuriousDragon", 40],
  ["cancun", 12],
  ["cancun", 40],
  ["osaka", 12],
  ["osaka", 40],
])(
  "chains of blocks in %s on %i KiB for the state",
  async (fork, kib) => {
    const sizes = { stateArenaBytes: kib * KIB, blockArenaBytes: 64 << 20 };
    const threads = new Executor({ workers: 2, ...sizes });
    onTestFinished(() => threads.close());
    for (let round = 0; round < ROUNDS; round++) {
      const seed = Number(process.env.BRAID_SEED ?? randomInt(2 ** 31));
      for (const preload of [false, true]) {
        try {
          const seeded = new SeededExecutor({ workers: 3, seed, ...sizes });
          const { blocks, full, askedAgain } = await runChain(fork, seed, preload, [threads, seeded]);
          // Some was dropped, and blocks did not have to begin anew for it.
          expect(askedAgain).toBeGreaterThan(0);
          if (kib > 20 && !preload) expect(full).toBeLessThan(blocks / 4);
        } catch (error) {
          throw new Error(`replay it with BRAID_SEED=${seed}`, { cause: error });
        }
      }
    }
  },
  600_000,
);
