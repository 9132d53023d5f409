// What Hardhat's own network gives beyond its answers: Solidity stack traces, console.log, coverage, gas statistics. That network is there on every
// connection, idle, and knows the project's sources. What it should look at is run there once more, on the state before it: then
// it throws, prints and reports what it always does.

import { debuglog } from "node:util";
import {
  type BraidProvider,
  callPrestate,
  type FailedExecutionError,
  type HardhatOptions,
  type Prestate,
  transactionPrestate,
} from "@braid/node";
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import type { HookContext } from "hardhat/types/hooks";
import { mentionsConsole, usesConsole } from "./console-log.ts";
import { isTraced, type TracedError, UntracedError } from "./solidity-error.ts";
import type { Replay, Stage, StageBlock } from "./stage.ts";

const log = debuglog("hardhat-braid");

/** With `-vvvv` Hardhat's own network prints the calls of all that runs on it, with `-vvv` of what fails. */
const ALL_TRACES = 4;

/** So much fits into any block. */
const LITTLE_GAS = 30_000_000n;

/** Fields that a replay has of a call or a transaction: it pays nothing for gas, and its nonce is the state's. */
const FIELDS = ["from", "to", "gas", "value", "accessList", "authorizationList"] as const;

export class Observer {
  readonly #braid: BraidProvider;
  readonly #options: HardhatOptions;
  readonly #stage: Stage;
  /** Coverage or gas statistics are collected, or all calls are printed: everything is looked at. */
  readonly #all: boolean;
  /** Has code come in that may call console.log? */
  #mayLog = false;
  /** Transactions are looked at one after the other. */
  #watched: Promise<void> = Promise.resolve();
  /** What mined transactions that were looked at have failed with, until somebody asks. */
  readonly #errors = new Map<Hex, TracedError>();
  /** Of blocks, as it was configured for both networks. */
  readonly #gasLimit: bigint;
  /** Ends what is executed again. */
  readonly #end = new AbortController();

  private constructor(braid: BraidProvider, options: HardhatOptions, stage: Stage, all: boolean) {
    this.#braid = braid;
    this.#options = options;
    this.#stage = stage;
    this.#all = all;
    this.#gasLimit = braid.node.next.gasLimit;
    braid.node.miner.onMined(({ block }) => {
      if (!this.#looks) return;
      for (const hash of block.transactionHashes)
        this.#watched = this.#watched.then(() => this.#watch(bytesToHex(hash)));
    });
  }

  static async create(
    { hooks, globalOptions }: HookContext,
    braid: BraidProvider,
    options: HardhatOptions,
    stage: Stage,
  ): Promise<Observer> {
    const all =
      (await hooks.hasHandlers("network", "onCoverageData")) ||
      (await hooks.hasHandlers("network", "onGasMeasurement")) ||
      globalOptions.verbosity >= ALL_TRACES;
    return new Observer(braid, options, stage, all);
  }

  get #looks(): boolean {
    return this.#all || this.#mayLog;
  }

  /** Before each request: code comes in by their parameters only. */
  requested(params: unknown): void {
    if (!this.#mayLog) this.#mayLog = mentionsConsole(params);
  }

  /** After a request: what there is to print comes before its answer. Undefined when there is nothing to wait for. */
  succeeded(method: string, params: unknown): Promise<void> | undefined {
    return this.#looks ? this.#lookedAt(method, params) : undefined;
  }

  async #lookedAt(method: string, params: unknown): Promise<void> {
    await this.#watched;
    if (!Array.isArray(params)) return;
    // As on Hardhat's own network: an estimate that succeeds prints nothing.
    if (method === "eth_call") await this.#callAgain(params, "latest", this.#all).catch(note);
  }

  /** The error that Hardhat's users expect of a failed execution. */
  async failed(method: string, params: unknown, error: FailedExecutionError): Promise<unknown> {
    await this.#watched;
    const { transactionHash } = error;
    // Without gas there is no trace on Hardhat's own network either.
    if (error.code !== UntracedError.CODE && !this.#looks) return error;
    const found = await this.#traced(method, params, transactionHash);
    if (found !== undefined && found.data === error.output) {
      found.transactionHash = transactionHash ?? null;
      return found;
    }
    return error.code === UntracedError.CODE ? new UntracedError(error) : error;
  }

  close(): void {
    this.#end.abort();
  }

  async #traced(method: string, params: unknown, hash: Hex | undefined): Promise<TracedError | undefined> {
    const known = hash && this.#errors.get(hash);
    if (hash !== undefined) this.#errors.delete(hash);
    if (known !== undefined) return known;
    try {
      if (hash !== undefined) await this.#transactAgain(hash, true);
      else if (Array.isArray(params))
        await this.#callAgain(params, method === "eth_estimateGas" ? "pending" : "latest", true);
    } catch (error) {
      if (isTraced(error)) return error;
      note(error);
    }
    return undefined;
  }

  async #watch(hash: Hex): Promise<void> {
    try {
      await this.#transactAgain(hash, this.#all);
    } catch (error) {
      if (isTraced(error)) this.#errors.set(hash, error);
      else note(error);
    }
  }

  /** @param always also when it has printed nothing. */
  async #transactAgain(hash: Hex, always: boolean): Promise<void> {
    const prestate = await transactionPrestate(this.#context, hexToBytes(hash));
    if (prestate === undefined || (!always && !usesConsole(prestate))) return;
    const transaction = (await this.#ask("eth_getTransactionByHash", [hash])) as Record<string, unknown>;
    await this.#replay(transaction, prestate, transaction.blockHash);
  }

  async #callAgain(params: unknown[], defaultBlock: string, always: boolean): Promise<void> {
    const [call, wanted, overrides, blockOverrides] = params as [Record<string, unknown>, ...unknown[]];
    // The stage cannot be set for a block that is another one.
    if (blockOverrides !== undefined) return;
    const block = wanted ?? defaultBlock;
    const prestate = await callPrestate(this.#context, this.#options, [call, block, overrides]);
    if (always || usesConsole(prestate)) await this.#replay(call, prestate, block);
  }

  async #replay(of: Record<string, unknown>, prestate: Prestate, block: unknown): Promise<void> {
    const call: Replay["call"] = { data: of.input ?? of.data };
    for (const field of FIELDS) if (of[field] !== undefined && of[field] !== null) call[field] = of[field];
    const fits =
      typeof call.gas === "string"
        ? BigInt(call.gas) <= LITTLE_GAS
        : this.#braid.node.next.gasLimit === this.#gasLimit;
    await this.#stage.replay({ call, prestate, fits, block: () => this.#block(block) });
  }

  async #block(of: unknown): Promise<StageBlock> {
    const id = typeof of === "object" && of !== null && "blockHash" in of ? of.blockHash : of;
    const isHash = typeof id === "string" && id.length === 66;
    const found = await this.#ask(isHash ? "eth_getBlockByHash" : "eth_getBlockByNumber", [id, false]);
    const block = found as StageBlock;
    // The pending block has no miner yet.
    return { ...block, miner: block.miner ?? bytesToHex(this.#braid.node.next.coinbase) };
  }

  get #context(): { node: BraidProvider["node"]; signal: AbortSignal } {
    return { node: this.#braid.node, signal: this.#end.signal };
  }

  #ask(method: string, params: unknown[]): Promise<unknown> {
    return this.#braid.request({ method, params });
  }
}

/** Without its replay an execution is as right as with it: what it lacks is a trace. */
function note(error: unknown): void {
  if (!isTraced(error)) log("a replay on Hardhat's own network failed: %s", error);
}
