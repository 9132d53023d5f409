// How long it takes to root and to keep a block, how fast states are read, and what a block adds on disk.
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { LmdbStateStore, type StateStore } from "@braid/state";
import type { CommitTimes, ReadRates } from "../measurements.ts";
import { commit, fill, hashOf, nextBlock, pick, pickAddresses, touch } from "./accounts.ts";

/** Accounts that a block changes. */
export const UPDATES = 1_000;
const READS = 20_000;
const READ_ROUNDS = 5;
const WARM_UP = 5;
/** How far back an old state lies. */
const OLD = 10n;

export async function commitTimes(
  store: StateStore,
  accounts: number,
  rounds: number,
): Promise<Pick<CommitTimes, "prepare" | "commit">> {
  const times: Pick<CommitTimes, "prepare" | "commit"> = { prepare: [], commit: [] };
  for (let round = 1; round <= WARM_UP + rounds; round++) {
    const changes = touch(pick(UPDATES, accounts), accounts, round);
    const block = nextBlock(store);
    const start = performance.now();
    const prepared = store.prepare(store.head?.hash, changes);
    const ready = performance.now();
    await prepared.commit(block);
    if (round <= WARM_UP) continue;
    times.prepare.push(ready - start);
    times.commit.push(performance.now() - ready);
  }
  return times;
}

/** Reads a second of accounts picked at random. */
function readRate(store: StateStore, block: Uint8Array, accounts: number): number {
  const state = store.stateAt(block);
  const addresses = pickAddresses(READS, accounts);
  const start = performance.now();
  for (const address of addresses)
    if (state.getAccount(address) === undefined) throw new Error("an account is missing");
  return (READS / (performance.now() - start)) * 1_000;
}

export async function readRates(
  store: StateStore,
  accounts: number,
): Promise<Pick<ReadRates, "newest" | "old" | "worker">> {
  const { head } = store;
  if (head === undefined) throw new Error("the store is empty");
  const rates: Pick<ReadRates, "newest" | "old" | "worker"> = { newest: [], old: [], worker: [] };
  for (let round = 0; round < READ_ROUNDS; round++) {
    rates.newest.push(readRate(store, head.hash, accounts));
    rates.old.push(readRate(store, hashOf(head.number - OLD), accounts));
  }
  const { handle } = store.stateAt(head.hash);
  if (handle !== undefined) rates.worker.push(...(await workerRates(handle, accounts)));
  return rates;
}

function workerRates(handle: object, accounts: number): Promise<number[]> {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  const worker = new Worker(new URL("./read-worker.ts", import.meta.url), {
    workerData: { handle, addresses: pickAddresses(READS, accounts), rounds: READ_ROUNDS },
  });
  worker.once("message", (rates: number[]) => {
    resolve(rates);
    void worker.terminate();
  });
  worker.once("error", reject);
  return promise;
}

const fileSize = (path: string): number => statSync(join(path, "data.mdb")).size;

/** Bytes that a block adds to a store of these blocks in `path`, which is removed. */
export async function bytesOfLongChain(
  path: string,
  keep: number | undefined,
  { accounts, blocks, updates }: { accounts: number; blocks: number; updates: number },
): Promise<number> {
  const store = await LmdbStateStore.open(path, keep === undefined ? {} : { keep });
  await fill(store, accounts);
  await store.flush();
  const before = fileSize(path);
  for (let n = 1; n <= blocks; n++) await commit(store, touch(pick(updates, accounts), accounts, n));
  await store.close();
  const bytes = (fileSize(path) - before) / blocks;
  rmSync(path, { recursive: true });
  return bytes;
}
