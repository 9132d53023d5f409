// A long run: 100,000 small blocks on a state ten times as large as the cache of it. Speed and memory must stay what they are.
//
//   npx -y pnpm@12 bench:long-run [--blocks 100000] [--arena-mib 32] [--state 10]
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { bigIntToBytes32, concatBytes, Random } from "@braid/primitives";
import { type Block, chainOf, createHeader, encodeTransaction } from "@braid/protocol";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { LEDGERS, LongRunState } from "./long-run-state.ts";
import type { LongRunMeasurement, LongRunTenth } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { quantile } from "./statistics.ts";
import { longRunTable } from "./tables.ts";

const MIB = 2 ** 20;
const WORKERS = 2;
/** Half of them transfer ether, half move something within a ledger. */
const TRANSACTIONS = 12;
/** One access of two goes to one account, or slot, of fifty: what an LRU cache lives on. */
const HOT_ACCESS = 50;
const HOT_SHARE = 50;
const GAS_PRICE = 8n;
const { values } = parseArgs({
  options: {
    blocks: { type: "string", default: "100000" },
    "arena-mib": { type: "string", default: "32" },
    state: { type: "string", default: "10" },
  },
});
const environment = describeEnvironment("bench:long-run");
const blocks = Number(values.blocks);
const stateArenaBytes = Number(values["arena-mib"]) * MIB;
const state = new LongRunState(stateArenaBytes * Number(values.state));
const random = new Random(2026);
const chain = chainOf("mainnet").from("cancun");
const rules = chain.rulesOfFork("cancun");
const executor = new Executor({ workers: WORKERS, stateArenaBytes, blockArenaBytes: 64 * MIB });

function pick(count: number): number {
  return random.chance(HOT_ACCESS) ? random.below(Math.floor(count / HOT_SHARE)) : random.below(count);
}

interface LongRunBlock {
  block: Block;
  senders: Uint8Array[];
}

/** The next block on the newest state. Its transactions are not signed: who sent them is told. */
function nextBlock(number: number): LongRunBlock {
  const nonces = new Map<number, number>();
  const senders: Uint8Array[] = [];
  const transactions = Array.from({ length: TRANSACTIONS }, (_, i) => {
    const from = pick(state.accountCount);
    const nonce = nonces.get(from) ?? state.nonce(from);
    nonces.set(from, nonce + 1);
    senders.push(state.account(from));
    const transfer = i % 2 === 0;
    const slots = [2 * pick(state.slotCount / 2), 2 * pick(state.slotCount / 2) + 1, random.below(3)];
    return encodeTransaction({
      type: 2,
      chainId: 1n,
      nonce: BigInt(nonce),
      gasLimit: transfer ? 21_000n : 100_000n,
      to: transfer ? state.account(pick(state.accountCount)) : state.ledger(pick(LEDGERS)),
      value: transfer ? 1n : 0n,
      data: transfer ? new Uint8Array(0) : concatBytes(...slots.map((word) => bigIntToBytes32(BigInt(word)))),
      maxFeePerGas: GAS_PRICE,
      maxPriorityFeePerGas: 1n,
      accessList: [],
      maxFeePerBlobGas: 0n,
      blobVersionedHashes: [],
      authorizations: [],
      yParity: 0,
      r: 1n,
      s: 1n,
    });
  });
  const header = createHeader(
    {
      number: BigInt(number),
      timestamp: BigInt(1_700_000_000 + 12 * number),
      gasLimit: 30_000_000n,
      baseFeePerGas: GAS_PRICE - 1n,
      coinbase: state.account(0),
    },
    rules,
  );
  return { block: { header, transactions, uncles: [], withdrawals: [] }, senders };
}

const tenths: LongRunTenth[] = [];
const perTenth = Math.ceil(blocks / 10);
let milliseconds: number[] = [];
let fallbacks = 0;
for (let number = 1; number <= blocks; number++) {
  const { block, senders } = nextBlock(number);
  const source = state.newest();
  const start = performance.now();
  const result = await executor.executeBlock({ block, chain, source, senders });
  milliseconds.push(performance.now() - start);
  fallbacks += Number(result.statistics.fallback !== undefined);
  state.commit(result.stateChanges);
  if (number % perTenth !== 0 && number !== blocks) continue;
  globalThis.gc?.();
  const seconds = milliseconds.reduce((sum, ms) => sum + ms, 0) / 1000;
  const tenth: LongRunTenth = {
    blocks: milliseconds.length,
    transactionsPerSecond: (milliseconds.length * TRANSACTIONS) / seconds,
    median: quantile(milliseconds, 0.5),
    p99: quantile(milliseconds, 0.99),
    longest: Math.max(...milliseconds),
    reads: state.reads / milliseconds.length,
    fallbacks,
    resident: process.memoryUsage.rss() / MIB,
  };
  tenths.push(tenth);
  console.error(
    `block ${number}: ${tenth.transactionsPerSecond.toFixed(0)} transactions a second, ${tenth.resident.toFixed(0)} MiB resident`,
  );
  milliseconds = [];
  fallbacks = 0;
  state.reads = 0;
}
await executor.close();
state.check(blocks * TRANSACTIONS);
const measurement: LongRunMeasurement = {
  environment,
  transactions: TRANSACTIONS,
  arena: stateArenaBytes / MIB,
  records: state.accountCount + LEDGERS * (state.slotCount + 1),
  times: Number(values.state),
  tenths,
};
console.log(formatEnvironment(environment));
console.log(longRunTable(measurement));
console.log(`written to ${writeResult("long-run", measurement)}`);
