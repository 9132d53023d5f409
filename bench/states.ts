// Stores of states: commits to small and large states, reads of the newest and of old states, blocks of one transaction, bytes on disk.
//
//   npx -y pnpm@12 bench:states [--accounts 100000,1000000] [--rounds 30] [--blocks 500]
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { etherTransfers, prepareWorkload, sealWorkload } from "@braid/contracts";
import { Executor } from "@braid/executor";
import { bigIntToBytes32 } from "@braid/primitives";
import {
  changesOfFlat,
  EMPTY_CODE_HASH,
  LmdbStateStore,
  MemoryStateStore,
  type StateChanges,
  StateChangesWriter,
  type StateStore,
} from "@braid/state";
import { openBlock } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { CommitTimes, ReadRates, StatesMeasurement } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { statesTables } from "./tables.ts";

const UPDATES = 1_000;
const UPDATES_OF_A_LONG_CHAIN = 100;
const KEPT = 64;
/** A state is made in so many pieces as this goes into it. */
const PIECE = 100_000;
const READS = 20_000;
const WARM_UP = 5;
const OLD = 10;

const { values } = parseArgs({
  options: {
    accounts: { type: "string", default: "100000,1000000" },
    rounds: { type: "string", default: "30" },
    blocks: { type: "string", default: "500" },
  },
});
const sizes = values.accounts.split(",").map(Number);
const rounds = Number(values.rounds);
const environment = describeEnvironment("bench:states");
const folder = mkdtempSync(join(tmpdir(), "braid-bench-"));

let random = 1;
/** Below 2^32; the same numbers in every run. */
function next(): number {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  return random;
}

/** Spread evenly, as hashes are, and in order of `n`, so that changes can be written as they come. */
function addressOf(n: number, of: number): Uint8Array {
  const address = new Uint8Array(20);
  new DataView(address.buffer).setUint32(0, Math.floor((n / of) * 2 ** 32));
  new DataView(address.buffer).setUint32(16, n);
  return address;
}

/** New balances and nonces of the accounts with these numbers, ascending. */
function touch(numbers: Iterable<number>, of: number, nonce: number): StateChanges {
  const writer = new StateChangesWriter();
  for (const n of numbers) {
    writer.account(addressOf(n, of), 0);
    writer.nonce(BigInt(nonce));
    writer.balance(10n ** 18n + BigInt(nonce));
    if (nonce === 0) writer.codeHash(EMPTY_CODE_HASH, 0);
  }
  return writer.finish();
}

function pick(count: number, of: number): number[] {
  const picked = new Set<number>();
  while (picked.size < count) picked.add(next() % of);
  return [...picked].sort((a, b) => a - b);
}

let blocks = 0;
const hashOf = (n: number): Uint8Array => bigIntToBytes32(BigInt(n));

async function commit(store: StateStore, changes: StateChanges): Promise<void> {
  blocks++;
  const number = (store.head?.number ?? -1n) + 1n;
  await store.prepare(store.head?.hash, changes).commit({ hash: hashOf(blocks), number });
}

async function fill(store: StateStore, accounts: number): Promise<void> {
  for (let from = 0; from < accounts; from += PIECE) {
    const length = Math.min(PIECE, accounts - from);
    await commit(
      store,
      touch(
        Array.from({ length }, (_, i) => from + i),
        accounts,
        0,
      ),
    );
  }
}

async function commitTimes(
  store: StateStore,
  accounts: number,
): Promise<Omit<CommitTimes, "store" | "accounts">> {
  const times: Omit<CommitTimes, "store" | "accounts"> = { prepare: [], commit: [] };
  for (let round = 1; round <= WARM_UP + rounds; round++) {
    const changes = touch(pick(UPDATES, accounts), accounts, round);
    blocks++;
    const block = { hash: hashOf(blocks), number: (store.head?.number ?? 0n) + 1n };
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
  const addresses = Array.from({ length: READS }, () => addressOf(next() % accounts, accounts));
  const start = performance.now();
  for (const address of addresses)
    if (state.getAccount(address) === undefined) throw new Error("an account is missing");
  return (READS / (performance.now() - start)) * 1_000;
}

async function readRates(
  store: StateStore,
  accounts: number,
): Promise<Omit<ReadRates, "store" | "accounts">> {
  const head = store.head?.hash as Uint8Array;
  const old = hashOf(blocks - OLD);
  const rates = { newest: [] as number[], old: [] as number[], worker: [] as number[] };
  for (let round = 0; round < 5; round++) {
    rates.newest.push(readRate(store, head, accounts));
    rates.old.push(readRate(store, old, accounts));
  }
  const { handle } = store.stateAt(head);
  if (handle !== undefined) rates.worker.push(...(await workerRates(handle, accounts)));
  return rates;
}

function workerRates(handle: object, accounts: number): Promise<number[]> {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  const addresses = Array.from({ length: READS }, () => addressOf(next() % accounts, accounts));
  const worker = new Worker(new URL("./states-worker.ts", import.meta.url), {
    workerData: { handle, addresses },
  });
  worker.once("message", (rates: number[]) => {
    resolve(rates);
    void worker.terminate();
  });
  worker.once("error", reject);
  return promise;
}

/** One transfer in each block: executed, rooted and committed. */
async function smallBlocks(open: () => Promise<StateStore>): Promise<number[]> {
  const workload = await prepareWorkload({ senders: 64, pools: 1 });
  const bundle = await sealWorkload(workload, [etherTransfers(workload, 1)], "transfer");
  const { block, pre } = await openBlock({ kind: "bundle", name: "transfer", bundle });
  const executor = new Executor({ workers: 1 });
  const store = await open();
  const first = hashOf(1);
  await store.prepare(undefined, changesOfFlat(pre)).commit({ hash: first, number: block.number - 1n });
  const times: number[] = [];
  // The same block again and again, each time as another child of the first one: a fork would not become the head, so the head goes back.
  for (let round = 0; round < 20 * (WARM_UP + rounds); round++) {
    await store.setHead(first);
    const start = performance.now();
    const result = await executor.executeBlock({
      block: block.input,
      chain: block.chain,
      source: store.stateAt(first),
    });
    const prepared = store.prepare(first, result.stateChanges);
    await prepared.commit({ hash: hashOf(2 + round), number: block.number });
    if (round >= 20 * WARM_UP) times.push(performance.now() - start);
  }
  await executor.close();
  await store.close();
  return times;
}

const size = (path: string): number => statSync(join(path, "data.mdb")).size;

/** Bytes that a block adds. */
async function bytesOfLongChain(keep: number | undefined, accounts: number): Promise<number> {
  const path = join(folder, `chain-${keep}`);
  const store = await LmdbStateStore.open(path, keep === undefined ? {} : { keep });
  await fill(store, accounts);
  await store.flush();
  const before = size(path);
  for (let n = 1; n <= Number(values.blocks); n++)
    await commit(store, touch(pick(UPDATES_OF_A_LONG_CHAIN, accounts), accounts, n));
  await store.close();
  const bytes = (size(path) - before) / Number(values.blocks);
  rmSync(path, { recursive: true });
  return bytes;
}

const measurement: StatesMeasurement = {
  environment,
  updates: UPDATES,
  commits: [],
  reads: [],
  smallBlocks: [],
  longChain: {
    blocks: Number(values.blocks),
    updates: UPDATES_OF_A_LONG_CHAIN,
    accounts: sizes[0] as number,
    bytes: [],
  },
};
const kinds: [name: string, open: (path: string) => Promise<StateStore>][] = [
  ["in memory", async () => new MemoryStateStore()],
  ["on disk", (path) => LmdbStateStore.open(path)],
  [`on disk, the last ${KEPT}`, (path) => LmdbStateStore.open(path, { keep: KEPT })],
];
try {
  for (const accounts of sizes) {
    for (const [name, open] of kinds) {
      const path = join(folder, "store");
      const store = await open(path);
      await fill(store, accounts);
      measurement.commits.push({ store: name, accounts, ...(await commitTimes(store, accounts)) });
      measurement.reads.push({ store: name, accounts, ...(await readRates(store, accounts)) });
      await store.close();
      rmSync(path, { recursive: true, force: true });
      console.error(`${accounts} accounts, ${name}`);
    }
  }
  for (const [name, open] of kinds.slice(0, 2)) {
    measurement.smallBlocks.push({ store: name, ms: await smallBlocks(() => open(join(folder, "small"))) });
    console.error(`small blocks, ${name}`);
  }
  for (const keep of [undefined, KEPT])
    measurement.longChain.bytes.push({
      keep: keep ?? 0,
      bytes: await bytesOfLongChain(keep, sizes[0] as number),
    });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(formatEnvironment(environment));
console.log(statesTables(measurement));
console.log(`written to ${writeResult("states", measurement)}`);
