// What the benchmarks write to bench/results, and the report reads.
import type { Environment } from "./environment.ts";
import type { Phase } from "./phases.ts";

/** The sides that take turns. `known`: senders are known beforehand, nothing is recovered. `wasm`: on that engine; else on ethereumjs's. */
export const STOCK_SIDES = ["stock", "stock known"] as const;
export const BRAID_SIDES = [
  "two",
  "two known",
  "one",
  "sequential",
  "wasm two",
  "wasm two known",
  "wasm one",
  "wasm sequential",
] as const;
export type Side = (typeof STOCK_SIDES)[number] | (typeof BRAID_SIDES)[number];

export interface MeasuredBlock {
  name: string;
  group: "mainnet" | "workload";
  fork: string;
  transactions: number;
  gas: number;
  /** Milliseconds: of stock one for each round, of Braid one for each of its passes. */
  ms: Record<Side, number[]>;
  aborts: number;
}

export interface StockMeasurement {
  environment: Environment;
  rounds: number;
  /** Of Braid in each round. */
  passes: number;
  blocks: MeasuredBlock[];
}

/** `braid replay` with each block once and five times, once without a rehearsal, and without Node's cache of compiled code. */
export const FRESH_SIDES = ["once", "repeated", "unrehearsed", "uncached"] as const;
export type FreshSide = (typeof FRESH_SIDES)[number];

/** One process. */
export interface FreshRun {
  blocks: number;
  gas: number;
  /** Milliseconds that the blocks took; of a block that ran several times the median. */
  ms: number;
  /** From the start of the process to its end. */
  wallMs: number;
}

export interface FreshProcessMeasurement {
  environment: Environment;
  runs: Record<FreshSide, FreshRun[]>;
}

export interface MemoryMeasurement {
  environment: Environment;
  /** MiB resident after each repetition, after a garbage collection of the main thread. */
  resident: number[];
  /** MiB, the highest ever. */
  peak: number;
  /** MiB that a repetition adds, by least squares over the second half. */
  growth: number;
}

export interface KeysMeasurement {
  environment: Environment;
  /** In each family; as many as the table has buckets. */
  keys: number;
  /** Nanoseconds of a look-up. */
  families: { name: string; median: number; low: number; high: number }[];
}

export interface LongRunTenth {
  blocks: number;
  /** Of the time in executeBlock. */
  transactionsPerSecond: number;
  /** Milliseconds of a block. */
  median: number;
  p99: number;
  longest: number;
  /** Accounts and slots that a block asks the source for, in the mean. */
  reads: number;
  /** Blocks that did not end the way they began. */
  fallbacks: number;
  /** MiB resident at the end, after a garbage collection of the main thread. */
  resident: number;
}

export interface LongRunMeasurement {
  environment: Environment;
  /** Of each block. */
  transactions: number;
  /** MiB for the cached state. */
  arena: number;
  /** Accounts and slots of the whole state. */
  records: number;
  /** How many arenas they would take. */
  times: number;
  tenths: LongRunTenth[];
}

export interface ConformanceMeasurement {
  environment: Environment;
  files: number;
  megabytes: number;
  jobs: number;
  /** From start to end. */
  seconds: number;
  /** Of all processes together. */
  cpuSeconds: number;
  /** MiB resident, all processes together. */
  peak: number;
  /** The same in each tenth of the run. */
  tenths: number[];
  /** The command's last line. */
  summary: string;
}

export interface SmallBlock {
  kind: string;
  transactions: number;
  /** Milliseconds, one for each round. */
  sequential: number[];
  parallel: number[];
  /** In order on the caller's thread; the oldest measurement that is kept has none. */
  inline?: number[];
}

export interface SmallBlocksMeasurement {
  environment: Environment;
  blocks: SmallBlock[];
}

/** A kind of block on both engines; milliseconds of processor time. */
export interface EngineRow {
  name: string;
  transactions: number;
  gas: number;
  /** Transactions that the wasm engine left to the other one. */
  unsupported: number;
  ethereumjs: number[];
  wasm: number[];
}

export interface EnginesMeasurement {
  environment: Environment;
  rows: EngineRow[];
}

/** A call of a precompile on both engines; microseconds of processor time each. */
export interface PrecompileRow {
  name: string;
  gas: number;
  ethereumjs: number[];
  wasm: number[];
}

export interface PrecompilesMeasurement {
  environment: Environment;
  rows: PrecompileRow[];
}

/** Microseconds of processor time for a signature, by who recovers it. */
export interface RecoveryMeasurement {
  environment: Environment;
  signatures: number;
  rows: { name: string; microseconds: number[] }[];
}

export interface ProfileRow {
  group: string;
  /** Milliseconds of the workers together. */
  ms: number;
}

/** Where the time of blocks on one worker goes. */
export interface PhaseRow {
  workload: string;
  engine: string;
  /** Milliseconds by phase. */
  phases: Partial<Record<Phase, number>>;
}

export interface ProfileMeasurement {
  environment: Environment;
  rounds: number;
  rows: ProfileRow[];
  /** Undefined in older results. */
  phases?: PhaseRow[];
}

export interface CommitTimes {
  store: string;
  accounts: number;
  /** Milliseconds: the state's root, and then until it is kept. */
  prepare: number[];
  commit: number[];
}

export interface ReadRates {
  store: string;
  accounts: number;
  /** Reads a second: of the newest state, of an old one, and of the newest one from a worker thread; none where there is no such way. */
  newest: number[];
  old: number[];
  worker: number[];
}

/** Milliseconds for a call on a warm state: on the caller's thread, on a worker, by stock ethereumjs. */
export interface CallTimes {
  kind: string;
  caller: number[];
  worker: number[];
  stock: number[];
}

/** Milliseconds for each block and calls a second, each without the other and together. */
export interface BesideBlocks {
  workers: number;
  blocksAlone: number[];
  blocksBeside: number[];
  callsAlone: number[];
  callsBeside: number[];
}

export interface StatesMeasurement {
  environment: Environment;
  calls: CallTimes[];
  /** `transactions`: those of each block. */
  beside: { transactions: number; runs: BesideBlocks[] };
  /** Accounts that each commit changes. */
  updates: number;
  commits: CommitTimes[];
  reads: ReadRates[];
  /** Milliseconds: a block of one transfer executed, rooted and committed. Without workers it runs on the caller's thread. */
  smallBlocks: { store: string; workers: number; ms: number[] }[];
  longChain: {
    blocks: number;
    updates: number;
    accounts: number;
    /** Bytes on disk that a block adds; `keep` 0 for all blocks. */
    bytes: { keep: number; bytes: number }[];
  };
}

/** One thing that was measured of each node. */
export interface NodeRow {
  name: string;
  /** Of a rate more is better, of the others less. */
  unit: "transactions/s" | "calls/s" | "ms" | "MiB";
  samples: Record<"braid" | "anvil" | "edr", number[]>;
}

export interface NodeMeasurement {
  environment: Environment;
  rounds: number;
  rows: NodeRow[];
}

/** How a block on a state that is far away is executed. */
export const REMOTE_WAYS = [
  "one by one",
  "in flight",
  "learned hints",
  "access list",
  "RPCStateManager",
  "anvil",
] as const;
export type RemoteWay = (typeof REMOTE_WAYS)[number];

/** What came to the delayed node. */
export interface RemoteTraffic {
  /** Over HTTP. */
  requests: number;
  /** Of those batches. */
  calls: number;
  /** The longest chain of requests of which each came after the one before it was answered. */
  rounds: number;
  /** Accounts and slots that were asked for, each once. */
  keys: number;
}

export interface RemoteRun extends RemoteTraffic {
  ms: number;
  /** Incarnations besides the first of each unit, for other reasons than state that was not there; Braid only. */
  reexecutions?: number;
}

export interface RemoteMeasurement {
  environment: Environment;
  block: number;
  transactions: number;
  /** Accounts and slots that the block reads. */
  needed: number;
  delays: { delayMs: number; runs: Partial<Record<RemoteWay, RemoteRun[]>> }[];
}

/** How a node served one honest client during an attack. */
export interface HostileRow {
  name: string;
  /** Of the attackers. */
  sockets: number;
  /** Milliseconds from asking to the answer. */
  samples: Record<"blockNumber" | "balance" | "call" | "receipt", number[]>;
  /** Answers that were errors, or did not come. */
  failures: number;
  /** The most that the node's process had. */
  residentMiB: number;
}

export interface HostileMeasurement {
  environment: Environment;
  seconds: number;
  rows: HostileRow[];
}

export type HardhatSide = "braid" | "edr";

/** The tests of a Hardhat project, on both networks. */
export interface HardhatSuite {
  name: string;
  /** One for each round. */
  seconds: Record<HardhatSide, number[]>;
  passed: Record<HardhatSide, number>;
  /** The most of a round. */
  failed: Record<HardhatSide, number>;
}

export interface HardhatMeasurement {
  environment: Environment;
  rounds: number;
  suites: HardhatSuite[];
  /** Milliseconds from asking for a connection to its first answer. */
  connectionMs: Record<HardhatSide, number[]>;
}

/** Blocks that were run with what those before them taught, and without; milliseconds of all blocks, one for each round. */
export interface HintsRow {
  name: string;
  blocks: number;
  /** Writes that were expected; those of them that came; writes of locations that more than one transaction wrote. Over all rounds. */
  predicted: number;
  hits: number;
  contended: number;
  learned: { ms: number[]; aborts: number };
  without: { ms: number[]; aborts: number };
}

/** Blocks in which each transaction depends on the one before it: milliseconds in order, and on two workers without hints and with what was learned. */
export interface DependentRow {
  engine: string;
  inOrder: number[];
  without: number[];
  learned: number[];
  /** Incarnations in vain without hints, in all blocks. */
  inVain: number;
}

export interface HintsMeasurement {
  environment: Environment;
  dependent: DependentRow[];
  rows: HintsRow[];
}

/** A block as it was measured, and as it was simulated. Times are milliseconds. */
export interface SimulatedBlock {
  group: "mainnet" | "workload" | "DeFi chain";
  name: string;
  transactions: number;
  /** The model's constants were fitted to it, among others. */
  isFitted: boolean;
  ms: { sequential: number; one: number; two: number };
  simulatedMs: { sequential: number; one: number; two: number };
  /** Runs that others disturbed however often they were tried. */
  disturbed: number;
  /** Incarnations in vain on two workers. */
  inVain: number;
  simulatedInVain: number;
  speedups: { workers: number; speedup: number }[];
}

export interface SimulateMeasurement {
  environment: Environment;
  /** How often each block was run in each way; the last time not all of them. */
  passes: number;
  /** How many times as long everything takes while the other worker is at work, and milliseconds that the second worker costs before it begins: both fitted. */
  sharing: number;
  handOver: number;
  blocks: SimulatedBlock[];
}

export const WORKLOAD_WORKERS = [1, 2] as const;
/** Nothing is foreseen; what earlier blocks taught; the block's own access list (EIP-7928). */
export const WORKLOAD_HINTS = ["none", "learned", "access list"] as const;

/** One way of executing a block; one number for each round. */
export interface WorkloadRun {
  workers: (typeof WORKLOAD_WORKERS)[number];
  hints: (typeof WORKLOAD_HINTS)[number];
  ms: number[];
  aborts: number[];
  reexecutions: number[];
  /** Of learned hints: how much of what was foreseen came, and how much of what came was foreseen. */
  precision?: number;
  recall?: number;
}

export interface WorkloadRow {
  name: string;
  /** Zipf's exponent. */
  contention: number;
  transactions: number;
  failed: number;
  /** Milliseconds: one worker, one transaction after the other. */
  inOrder: number[];
  runs: WorkloadRun[];
}

export interface WorkloadsMeasurement {
  environment: Environment;
  rounds: number;
  /** The engine's name. */
  engine: string;
  rows: WorkloadRow[];
}
