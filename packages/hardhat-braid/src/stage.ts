// The idle network, set as a block was, for one execution at a time.

import type { Prestate } from "@braid/node";
import type { Hex } from "@braid/primitives";
import type { JsonRpcRequest, JsonRpcResponse } from "hardhat/types/providers";
import { type BlockField, blockLooks } from "./block-looks.ts";

/** Asks the idle network. */
export type AskEdr = (request: JsonRpcRequest) => Promise<JsonRpcResponse>;

/** A block as JSON-RPC has it. */
export interface StageBlock {
  number: Hex;
  timestamp: Hex;
  miner: Hex;
  mixHash?: Hex;
  gasLimit: Hex;
  difficulty: Hex;
}

export interface Replay {
  call: Record<string, unknown>;
  prestate: Prestate;
  /** The call has no more gas, said or unsaid, than in any block. */
  fits: boolean;
  /** Asked for when it matters. */
  block: () => Promise<StageBlock>;
}

const hexOf = (value: bigint | number): Hex => `0x${value.toString(16)}`;

/** Accounts up to here are precompiles, which are code of nobody's. */
const LAST_PRECOMPILE = 0x1ffn;

export class Stage {
  readonly #askEdr: AskEdr;
  readonly #step: bigint;
  /** What was set last, so that it is not set again. */
  readonly #set = new Map<string, unknown>();
  #begun: Promise<void> | undefined;
  #beginning: { number: bigint; timestamp: bigint; snapshot: unknown } = {
    number: 0n,
    timestamp: 0n,
    snapshot: undefined,
  };
  #number = 0n;
  #timestamp = 0n;
  /** One replay after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param sameTimestamps a block may have its parent's timestamp. */
  constructor(askEdr: AskEdr, sameTimestamps: boolean) {
    this.#askEdr = askEdr;
    this.#step = sameTimestamps ? 0n : 1n;
  }

  /** Runs it. Rejects with what the idle network rejects with when it fails. */
  replay(replay: Replay): Promise<void> {
    const run = this.#last.then(() => this.#run(replay));
    this.#last = run.catch(() => {});
    return run;
  }

  async #run({ call, prestate, fits, block }: Replay): Promise<void> {
    this.#begun ??= this.#begin();
    await this.#begun;
    const looks = blockLooks(call, prestate);
    const isPlaced = (looks.size > 0 || !fits) && (await this.#place(await block(), looks));
    await this.#ask("eth_call", [call, isPlaced ? "pending" : "latest", overridesOf(prestate)]);
  }

  /** Its own clock may have mined until now. */
  async #begin(): Promise<void> {
    await this.#ask("evm_setIntervalMining", [0]);
    const { number, timestamp } = (await this.#ask("eth_getBlockByNumber", ["latest", false])) as {
      number: Hex;
      timestamp: Hex;
    };
    const snapshot = await this.#ask("evm_snapshot", []);
    this.#beginning = { number: BigInt(number), timestamp: BigInt(timestamp), snapshot };
    [this.#number, this.#timestamp] = [BigInt(number), BigInt(timestamp)];
  }

  /** Makes the pending block the one that is wanted, as far as anybody looks. False when it cannot be. */
  async #place(
    { number, timestamp, miner, mixHash, gasLimit, difficulty }: StageBlock,
    looks: ReadonlySet<BlockField>,
  ): Promise<boolean> {
    const parent = BigInt(number) - 1n;
    const { number: first, snapshot } = this.#beginning;
    if (parent < first) return false;
    const isOver = looks.has("number") && parent < this.#number;
    if (isOver || (looks.has("timestamp") && BigInt(timestamp) < this.#timestamp + this.#step)) {
      await this.#ask("evm_revert", [snapshot]);
      this.#set.clear();
      await this.#begin();
    }
    const count = parent - this.#number;
    if (count > 0n && looks.has("number")) {
      // As early as can be: the blocks that are wanted are never earlier.
      if (this.#step > 0n)
        await this.#ask("evm_setNextBlockTimestamp", [hexOf(this.#timestamp + this.#step)]);
      await this.#ask("hardhat_mine", [hexOf(count), hexOf(this.#step)]);
      this.#number = parent;
      this.#timestamp += count * this.#step;
    }
    if (looks.has("timestamp")) await this.#ask("evm_setNextBlockTimestamp", [timestamp]);
    if (looks.has("miner")) await this.#change("hardhat_setCoinbase", miner);
    await this.#change("evm_setBlockGasLimit", gasLimit);
    // Until the Merge it is none that a contract could see.
    if (looks.has("mixHash") && mixHash !== undefined && mixHash !== null && BigInt(difficulty) === 0n)
      await this.#ask("hardhat_setPrevRandao", [mixHash]);
    return true;
  }

  async #change(method: string, value: unknown): Promise<void> {
    if (this.#set.get(method) === value) return;
    await this.#ask(method, [value]);
    this.#set.set(method, value);
  }

  async #ask(method: string, params: unknown[]): Promise<unknown> {
    const response = await this.#askEdr({ jsonrpc: "2.0", id: 0, method, params });
    if ("error" in response) throw new Error(`${method}: ${response.error.message}`);
    return response.result;
  }
}

function overridesOf(prestate: Prestate): Record<string, unknown> {
  const entries = Object.entries(prestate).filter(([address]) => BigInt(address) > LAST_PRECOMPILE);
  return Object.fromEntries(
    entries.map(([address, { balance, nonce, code, storage }]) => [
      address,
      {
        ...(balance === undefined ? {} : { balance }),
        ...(nonce === undefined ? {} : { nonce }),
        ...(code === undefined ? {} : { code }),
        ...(storage === undefined ? {} : { stateDiff: storage }),
      },
    ]),
  );
}
