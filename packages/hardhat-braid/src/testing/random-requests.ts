// Random requests to a development network, out of a seed: what a large suite of tests asks, and what it asks wrongly.

import { Random } from "@braid/primitives";
import type { Hex } from "viem";
import type { Target } from "./project.ts";

/** A request; where the networks' own numbers stand it has a function of them. */
export interface RandomRequest {
  method: string;
  params: unknown[];
}

const hexOf = (value: bigint | number): Hex => `0x${value.toString(16)}`;
const GWEI = 10n ** 9n;
/** The ways in which Target fails, without its endless loop. */
const FAILURES = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13];

/** What the requests so far have made. */
export interface Known {
  accounts: readonly Hex[];
  contracts: readonly Hex[];
  hashes: readonly Hex[];
  /** Places of those that can be gone back to. */
  snapshots: readonly number[];
  /** Seconds; of the newest block, as far as the requests say. */
  time: number;
  block: number;
  automine: boolean;
}

/** The place of a snapshot's number, which is each network's own. */
export interface SnapshotPlace {
  snapshot: number;
}

export class RandomRequests {
  readonly #random: Random;
  readonly #target: Target;

  constructor(seed: number, target: Target) {
    this.#random = new Random(seed);
    this.#target = target;
  }

  /** What comes next: mostly one request, before what mines a block also one that says when. */
  next(known: Known): RandomRequest[] {
    const kinds: readonly [weight: number, make: () => RandomRequest[]][] = [
      [30, () => this.#send(known)],
      [22, () => [this.#call(known)]],
      [10, () => [{ method: "eth_estimateGas", params: [this.#message(known)] }]],
      [20, () => [this.#read(known)]],
      [5, () => [{ method: "evm_snapshot", params: [] }]],
      [4, () => this.#revert(known)],
      [6, () => this.#mine(known)],
      [8, () => [this.#edit(known)]],
      [2, () => this.#baseFee(known)],
      [4, () => [this.#setting(known)]],
      [4, () => [this.#mistake(known)]],
    ];
    return this.#random.weighted(kinds)();
  }

  /** When the next block is: chosen, so that it is the same on both networks. */
  #time(known: Known): RandomRequest {
    const later = known.time + 1 + this.#random.below(100);
    return { method: "evm_setNextBlockTimestamp", params: [later] };
  }

  #message({ accounts, contracts }: Known): Record<string, unknown> {
    const from = this.#random.pick(accounts);
    if (contracts.length === 0 || this.#random.chance(15))
      return { from, to: this.#random.pick(accounts), value: hexOf(this.#random.below(1_000)) };
    const to = this.#random.pick(contracts);
    const { data } = this.#target;
    const calls: (() => Record<string, unknown>)[] = [
      () => ({ data: data("store", BigInt(this.#random.below(50))) }),
      () => ({ data: data("store", 7n), value: hexOf(this.#random.below(5)) }),
      () => ({ data: data("fail", BigInt(this.#random.pick(FAILURES))) }),
      // EDR keeps a record of each step of an endless loop.
      () => ({ data: data("fail", 5n), gas: hexOf(60_000) }),
      () => ({ data: data("make", BigInt(this.#random.below(12))) }),
      () => ({ data: data("fill", BigInt(this.#random.below(8))) }),
      () => ({ data: data("clear", BigInt(this.#random.below(8))) }),
      () => ({ data: data("value") }),
      () => ({ data: data("value"), value: "0x1" }),
      () => ({ data: data("byUser", from) }),
      () => ({ data: `0x${this.#random.below(0xffff_ffff).toString(16).padStart(8, "0")}` }),
      () => ({ data: data("store", 1n).slice(0, 20) }),
      () => ({ value: hexOf(this.#random.below(9)) }),
    ];
    return { from, to, ...this.#random.pick(calls)() };
  }

  #send(known: Known): RandomRequest[] {
    const { accounts } = known;
    const isCreation = known.contracts.length === 0 || this.#random.chance(6);
    const message = isCreation
      ? { from: this.#random.pick(accounts), data: this.#target.bytecode }
      : this.#message(known);
    const fees = this.#random.pick<() => Record<string, unknown>>([
      () => ({}),
      () => ({}),
      () => ({ gasPrice: hexOf(BigInt(this.#random.below(5)) * GWEI) }),
      () => ({
        maxFeePerGas: hexOf(3n * GWEI),
        maxPriorityFeePerGas: hexOf(BigInt(this.#random.below(4)) * GWEI),
      }),
      () => ({ maxPriorityFeePerGas: hexOf(this.#random.below(9)) }),
    ])();
    // What may fail is sent with gas: an estimate would fail before it.
    const gas = this.#random.chance(70)
      ? { gas: hexOf(this.#random.pick([21_000, 60_000, 300_000, 2_000_000, 16_777_216])) }
      : {};
    const send = { method: "eth_sendTransaction", params: [{ ...gas, ...message, ...fees }] };
    return known.automine ? [this.#time(known), send] : [send];
  }

  #call(known: Known): RandomRequest {
    const message = { ...this.#message(known) };
    if (this.#random.chance(10)) message.gas = hexOf(this.#random.pick([20_000, 30_000, 60_000, 16_777_217]));
    if (this.#random.chance(5)) message.gasPrice = hexOf(GWEI);
    if (this.#random.chance(3)) message.value = hexOf(10n ** 30n);
    if (known.contracts.length > 0 && this.#random.chance(8))
      Object.assign(message, {
        to: this.#random.pick(known.contracts),
        data: this.#target.data("context"),
        value: undefined,
      });
    return {
      method: "eth_call",
      params: [message, this.#random.pick(["latest", "latest", hexOf(this.#random.below(known.block + 3))])],
    };
  }

  #read(known: Known): RandomRequest {
    const { accounts, contracts, hashes, block } = known;
    const who = this.#random.pick([...accounts, ...contracts]);
    const tag = this.#random.pick([
      "latest",
      "latest",
      "earliest",
      "safe",
      "finalized",
      hexOf(this.#random.below(block + 2)),
    ]);
    const hash = hashes.length > 0 ? this.#random.pick(hashes) : `0x${"12".repeat(32)}`;
    return this.#random.pick<RandomRequest>([
      { method: "eth_blockNumber", params: [] },
      { method: "eth_getBalance", params: [who, tag] },
      { method: "eth_getTransactionCount", params: [who, tag] },
      { method: "eth_getCode", params: [who, tag] },
      { method: "eth_getStorageAt", params: [who, hexOf(this.#random.below(3)), tag] },
      { method: "eth_getBlockByNumber", params: [tag, this.#random.chance(50)] },
      { method: "eth_getTransactionByHash", params: [hash] },
      { method: "eth_getTransactionReceipt", params: [hash] },
      { method: "eth_getLogs", params: [{ fromBlock: "0x0", toBlock: "latest" }] },
      { method: "eth_gasPrice", params: [] },
      { method: "eth_maxPriorityFeePerGas", params: [] },
      { method: "eth_feeHistory", params: [hexOf(1 + this.#random.below(4)), "latest", [10, 50, 90]] },
      { method: "eth_chainId", params: [] },
      { method: "eth_accounts", params: [] },
      { method: "eth_coinbase", params: [] },
      { method: "net_version", params: [] },
      { method: "hardhat_getAutomine", params: [] },
      { method: "eth_pendingTransactions", params: [] },
      { method: "eth_getTransactionCount", params: [who, "pending"] },
      { method: "eth_getBlockTransactionCountByNumber", params: [tag] },
      { method: "eth_sign", params: [this.#random.pick(accounts), "0x1234"] },
      { method: "web3_sha3", params: ["0x1234"] },
    ]);
  }

  #revert({ snapshots }: Known): RandomRequest[] {
    // EDR forgets all later snapshots when it is asked for one that is gone.
    if (snapshots.length === 0) return [];
    const place: SnapshotPlace = { snapshot: this.#random.pick(snapshots) };
    return [{ method: "evm_revert", params: [place] }];
  }

  #mine(known: Known): RandomRequest[] {
    const time = this.#time(known);
    return this.#random.pick<() => RandomRequest[]>([
      () => [time, { method: "evm_mine", params: [] }],
      () => [{ method: "evm_mine", params: [known.time + 5] }],
      () => [time, { method: "hardhat_mine", params: [hexOf(1 + this.#random.below(3))] }],
    ])();
  }

  #edit({ accounts, contracts }: Known): RandomRequest {
    const who = this.#random.pick([...accounts, ...contracts]);
    return this.#random.pick<RandomRequest>([
      { method: "hardhat_setBalance", params: [who, hexOf(10n ** 21n + BigInt(this.#random.below(1_000)))] },
      { method: "hardhat_setNonce", params: [this.#random.pick(accounts), hexOf(this.#random.below(40))] },
      {
        method: "hardhat_setStorageAt",
        params: [
          who,
          hexOf(this.#random.below(3)),
          `0x${this.#random.below(99).toString(16).padStart(64, "0")}`,
        ],
      },
      {
        method: "hardhat_setPrevRandao",
        params: [`0x${this.#random.below(9_999).toString(16).padStart(64, "0")}`],
      },
    ]);
  }

  /** Of the next block: EDR forgets it when it refuses a transaction before that. */
  #baseFee(known: Known): RandomRequest[] {
    const fee = hexOf(BigInt(1 + this.#random.below(3)) * GWEI);
    return [
      { method: "hardhat_setNextBlockBaseFeePerGas", params: [fee] },
      this.#time(known),
      { method: "evm_mine", params: [] },
    ];
  }

  #setting({ accounts, automine }: Known): RandomRequest {
    return this.#random.pick<RandomRequest>([
      { method: "evm_setAutomine", params: [!automine] },
      { method: "hardhat_setCoinbase", params: [this.#random.pick(accounts)] },
      { method: "hardhat_impersonateAccount", params: [`0x${"77".repeat(20)}`] },
      { method: "hardhat_setLoggingEnabled", params: [false] },
    ]);
  }

  #mistake({ accounts, time }: Known): RandomRequest {
    const from = this.#random.pick(accounts);
    const to = this.#random.pick(accounts);
    return this.#random.pick<RandomRequest>([
      { method: "eth_nothing", params: [] },
      { method: "eth_getBalance", params: [from, "0xffffff"] },
      { method: "eth_getBalance", params: ["0x12", "latest"] },
      { method: "eth_sendTransaction", params: [{ from, to, nonce: "0xffff", gas: "0x5208" }] },
      { method: "eth_sendTransaction", params: [{ from, to, value: hexOf(10n ** 30n), gas: "0x5208" }] },
      { method: "eth_sendTransaction", params: [{ from, to, gas: "0x100" }] },
      { method: "eth_sendTransaction", params: [{ from, to, gas: "0x1000001" }] },
      { method: "eth_sendTransaction", params: [{ from: `0x${"11".repeat(20)}`, to, gas: "0x5208" }] },
      {
        method: "eth_sendTransaction",
        params: [{ from, to, maxFeePerGas: "0x1", maxPriorityFeePerGas: "0x2", gas: "0x5208" }],
      },
      { method: "evm_setNextBlockTimestamp", params: [time - 10] },
      { method: "evm_revert", params: ["0xffff"] },
      { method: "hardhat_setStorageAt", params: [from, "0x0", "0x1"] },
      { method: "hardhat_dropTransaction", params: [`0x${"12".repeat(32)}`] },
      { method: "eth_getTransactionReceipt", params: [`0x${"12".repeat(32)}`] },
    ]);
  }
}
