// Blocks on states that lie on disk: the workers read them, without a message to the main thread, and come to what a state in memory
// gives, whatever is committed to the store meanwhile.

import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex } from "@braid/primitives";
import {
  type AccountChange,
  changesOfFlat,
  LmdbStateStore,
  NO_ACCOUNT_CHANGE,
  type StateSource,
  StoreError,
  stateChangesOf,
  UnknownBlockError,
} from "@braid/state";
import type { Fork, TestBlock } from "@braid/testing/block-builder";
import { lookingBlock, randomBlock } from "@braid/testing/random-block";
import { expect, onTestFinished, test } from "vitest";
import { SeededExecutor } from "./seeded-executor.ts";
import { executorWith, fingerprint, inputOf, runBraid, WORKER_COUNTS } from "./testing/agree.ts";

const ROUNDS = Number(process.env.BRAID_ROUNDS ?? 2);

/** A store on disk with the state before a block; gives that state's hash too. */
async function storeFor(block: TestBlock): Promise<{ store: LmdbStateStore; hash: Uint8Array }> {
  const path = await mkdtemp(join(tmpdir(), "braid-disk-"));
  const store = await LmdbStateStore.open(path);
  onTestFinished(async () => {
    await store.close();
    await rm(path, { recursive: true });
  });
  const number = block.input.header.number - 1n;
  const hash = block.blockHashes.get(number) as Uint8Array;
  const ancestors = block.blockHashes;
  await store.prepare(undefined, changesOfFlat(block.pre)).commit({ hash, number, ancestors });
  return { store, hash };
}

/** A state that threads can open; the main thread must not be asked, and knows nothing. */
function handleOf(store: LmdbStateStore, hash: Uint8Array): StateSource {
  const asked = (): never => {
    throw new Error("the main thread was asked");
  };
  const { handle } = store.stateAt(hash);
  return { getAccount: asked, getStorage: asked, getCode: asked, getBlockHash: asked, handle };
}

/** Another block on top of the store's head, which changes what everybody reads. */
async function commitSomething(store: LmdbStateStore, pre: TestBlock["pre"]): Promise<void> {
  const head = store.head as NonNullable<LmdbStateStore["head"]>;
  const change: AccountChange = { ...NO_ACCOUNT_CHANGE, nonce: 77n, balance: 1n, storageReset: true };
  const accounts = new Map(pre.accounts.map(({ address }) => [bytesToHex(address), change]));
  const after = store.prepare(head.hash, stateChangesOf({ accounts }));
  const hash = new Uint8Array(32).fill(Number(head.number % 200n) + 1);
  await after.commit({ hash, number: head.number + 1n });
}

test.each<Fork>(["chainstart", "byzantium", "london", "osaka"])(
  "random blocks in %s on a state on disk",
  async (fork) => {
    for (let round = 0; round < ROUNDS; round++) {
      const seed = randomInt(2 ** 32);
      const block = round % 2 === 0 ? await randomBlock(fork, seed) : await lookingBlock(fork);
      const print = await runBraid(block, 1, { mode: "sequential" }).then(fingerprint, (error: unknown) => {
        // A delegated sender may have lost its ether: there is nothing to compare then.
        if (error instanceof Error && "code" in error && error.code === "BRAID_TX_INSUFFICIENT_FUNDS")
          return "";
        throw error;
      });
      if (print === "") continue;
      const { store, hash } = await storeFor(block);
      const which = `BRAID_SEED=${fork}:${seed}`;
      for (const workers of WORKER_COUNTS) {
        const running = runBraid(block, workers, { source: handleOf(store, hash) });
        // From the first one on this is an old state; and this one becomes the head while the block runs.
        await commitSomething(store, block.pre);
        expect(fingerprint(await running), `${which}, ${workers} workers`).toBe(print);
      }
      const seeded = new SeededExecutor({
        workers: 3,
        seed,
        blockArenaBytes: 64 << 20,
        stateArenaBytes: 32 << 20,
      });
      const input = inputOf(block, { source: handleOf(store, hash), mode: "parallel" });
      expect(fingerprint(await seeded.executeBlock(input)), `${which}, seeded`).toBe(print);
    }
  },
  600_000,
);

test("a state that is gone ends the block with an error that says so, and the next block is right", async () => {
  const block = await lookingBlock("osaka");
  const { store, hash } = await storeFor(block);
  const executor = executorWith(2);
  const gone = handleOf(store, hash);
  const unknown = { ...gone, handle: { kind: "lmdb" as const, path: store.path, block: new Uint8Array(32) } };
  for (const mode of ["parallel", "sequential"] as const) {
    const error = await executor
      .executeBlock(inputOf(block, { source: unknown, mode }))
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(UnknownBlockError);
  }
  const elsewhere = {
    ...gone,
    handle: { kind: "lmdb" as const, path: join(store.path, "nowhere"), block: hash },
  };
  const error = await executor.executeBlock(inputOf(block, { source: elsewhere })).catch((reason) => reason);
  expect(error).toBeInstanceOf(StoreError);
  const right = await runBraid(block, 1, { mode: "sequential" });
  expect(fingerprint(await executor.executeBlock(inputOf(block, { source: gone })))).toBe(fingerprint(right));
});
