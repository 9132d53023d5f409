// The executor keeps the parent state from block to block and carries what a committed block changed into it. A block on a warm
// cache must give what it gives on a cold one, whatever the block before it did.

import { randomInt } from "node:crypto";
import { type BegunStore, MemoryStateStore, type StateSource } from "@braid/state";
import type { Fork, TestBlock } from "@braid/testing/block-builder";
import { lookingBlock, randomBlock } from "@braid/testing/random-block";
import { expect, test } from "vitest";
import { executorWith, fingerprint } from "./testing/agree.ts";

const ROUNDS = Number(process.env.BRAID_ROUNDS ?? 3);

/** The store's newest state as its cache can follow it: whole, or read answer by answer. */
function newest(store: BegunStore, preload: boolean): StateSource {
  const state = store.stateAt(store.head.hash);
  return preload
    ? state
    : { ...cold(store), stateRoot: store.head.stateRoot, changesSince: (root) => state.changesSince?.(root) };
}

/** The store's newest state as something that no cache has seen. */
function cold(store: BegunStore): StateSource {
  const state = store.stateAt(store.head.hash);
  return {
    getAccount: (address) => state.getAccount(address),
    getStorage: (address, slot) => state.getStorage(address, slot),
    getCode: (hash) => state.getCode(hash),
    getBlockHash: (number) => state.getBlockHash(number),
  };
}

const execute = async (block: TestBlock, source: StateSource) =>
  executorWith(2).executeBlock({ block: block.input, chain: block.chain, source, force: true });

test.each<Fork>(["chainstart", "spuriousDragon", "constantinople", "shanghai", "osaka"])(
  "a block after a random block in %s, and the random block again after a way back",
  async (fork) => {
    const looking = await lookingBlock(fork);
    for (let round = 0; round < ROUNDS; round++) {
      const seed = randomInt(2 ** 32);
      const block = await randomBlock(fork, seed);
      const number = block.input.header.number - 1n;
      const hash = block.blockHashes.get(number) as Uint8Array;
      for (const preload of [true, false]) {
        const store = MemoryStateStore.fromFlat(block.pre, { hash, number, ancestors: block.blockHashes });
        const first = await execute(block, newest(store, preload)).catch((error: unknown) => {
          // A delegated sender may have lost its ether: then there is no block to go on from.
          if (error instanceof Error && "code" in error && error.code === "BRAID_TX_INSUFFICIENT_FUNDS")
            return undefined;
          throw error;
        });
        if (first === undefined) continue;
        const after = store.prepare(hash, first.stateChanges);
        // The looking block has the random one's number, so what it builds on has the number of what that one builds on.
        await after.commit({ hash: after.root, number });
        const expectSame = async (on: TestBlock): Promise<void> => {
          const warm = await execute(on, newest(store, preload));
          const same = JSON.parse(fingerprint(await execute(on, cold(store))));
          expect(JSON.parse(fingerprint(warm)), `BRAID_SEED=${fork}:${seed}, preload: ${preload}`).toEqual(
            same,
          );
        };
        await expectSame(looking);
        await execute(block, newest(store, preload)).catch(() => {});
        await store.setHead(hash);
        await expectSame(block);
      }
    }
  },
  3_600_000,
);
