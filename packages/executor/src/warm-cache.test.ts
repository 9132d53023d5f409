// The executor keeps the parent state from block to block and carries what a committed block changed into it. A block on a warm
// cache must give what it gives on a cold one, whatever the block before it did.

import { randomInt } from "node:crypto";
import { MemoryStateStore, type StateSource } from "@braid/state";
import { expect, test } from "vitest";
import { executorWith, fingerprint } from "./testing/agree.ts";
import type { Fork, TestBlock } from "./testing/block-builder.ts";
import { lookingBlock, randomBlock } from "./testing/random-block.ts";

const ROUNDS = Number(process.env.BRAID_ROUNDS ?? 3);

/** A store that is read answer by answer: its `preload` is hidden. */
function withoutPreload(store: MemoryStateStore): StateSource {
  return {
    getAccount: (address) => store.getAccount(address),
    getStorage: (address, slot) => store.getStorage(address, slot),
    getCode: (hash) => store.getCode(hash),
    getBlockHash: (number) => store.getBlockHash(number),
    get version() {
      return store.version;
    },
    get lastCommit() {
      return store.lastCommit;
    },
  };
}

const execute = async (block: TestBlock, source: StateSource) =>
  executorWith(2).executeBlock({ block: block.input, common: block.common, source, force: true });

test.each<Fork>(["chainstart", "spuriousDragon", "constantinople", "shanghai", "osaka"])(
  "a block after a random block in %s",
  async (fork) => {
    const looking = await lookingBlock(fork);
    for (let round = 0; round < ROUNDS; round++) {
      const seed = randomInt(2 ** 32);
      const block = await randomBlock(fork, seed);
      for (const preload of [true, false]) {
        const store = MemoryStateStore.fromFlat(block.pre);
        for (const [number, hash] of block.blockHashes) store.setBlockHash(number, hash);
        const source = preload ? store : withoutPreload(store);
        const first = await execute(block, source).catch((error: unknown) => {
          // A delegated sender may have lost its ether: then there is no block to go on from.
          if (error instanceof Error && "code" in error && error.code === "BRAID_TX_INSUFFICIENT_FUNDS")
            return undefined;
          throw error;
        });
        if (first === undefined) continue;
        await store.commit(first.stateDiff);
        const warm = await execute(looking, source);
        // A new source is a new state to the executor: nothing of it is in the cache.
        const cold = await execute(looking, withoutPreload(store));
        expect(JSON.parse(fingerprint(warm)), `BRAID_SEED=${fork}:${seed}, preload: ${preload}`).toEqual(
          JSON.parse(fingerprint(cold)),
        );
      }
    }
  },
  3_600_000,
);
