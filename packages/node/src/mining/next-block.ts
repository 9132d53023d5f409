// The block that comes next: what was chosen for it by hand, and what follows from the head.

import type { BlockAttributes, Blockchain } from "@braid/chain";
import { keccak256 } from "@braid/kernel";
import { blobBaseFee, type ForkRules, type Header, nextBaseFee, nextExcessBlobGas } from "@braid/protocol";
import { BRAID_RANDOMNESS, type Randomness } from "../hardhat-chain.ts";
import type { Mempool, PoolView } from "../pool/mempool.ts";
import { effectiveTip, type PooledTransaction } from "../pool/pooled-transaction.ts";
import { Clock, type ClockState } from "./clock.ts";

export interface NextBlockOptions {
  coinbase?: Uint8Array;
  /** Wei per gas that a transaction must pay to be mined. Default 0. */
  minGasPrice?: bigint;
  randomness?: Randomness;
  clock?: Clock;
  /** In which order transactions of different senders come. Default "priority". */
  order?: "priority" | "fifo";
}

/** Chosen for the next blocks by hand. */
interface BlockChoices {
  coinbase: Uint8Array;
  gasLimit: bigint | undefined;
  minGasPrice: bigint;
  /** Of the next block only. */
  baseFee: bigint | undefined;
}

/** What a snapshot keeps. */
export interface NextBlockState {
  clock: ClockState;
  choices: BlockChoices;
  randomness: Randomness;
}

const DEFAULT_COINBASE = new Uint8Array(20).fill(0).map((_, i) => [0xc0, 0x14, 0xba, 0x5e][i % 4] as number);
/** No transaction takes less gas. */
const TRANSFER_GAS = 21_000;
/** So many candidates are tried for one block. */
const MOST_CANDIDATES = 20_000;

export class NextBlock {
  readonly clock: Clock;
  readonly #chain: () => Blockchain;
  readonly #order: "priority" | "fifo";
  #choices: BlockChoices;
  #randomness: Randomness;
  readonly #atStart: { choices: BlockChoices; randomness: Randomness; offset: bigint };

  /** @param chain the node's chain: another one after a reset to another one. */
  constructor(chain: () => Blockchain, options: NextBlockOptions) {
    this.#chain = chain;
    this.clock = options.clock ?? new Clock();
    this.#order = options.order ?? "priority";
    this.#randomness = options.randomness ?? BRAID_RANDOMNESS;
    this.#choices = {
      coinbase: options.coinbase ?? DEFAULT_COINBASE,
      gasLimit: undefined,
      minGasPrice: options.minGasPrice ?? 0n,
      baseFee: undefined,
    };
    this.#atStart = { choices: this.#choices, randomness: this.#randomness, offset: this.clock.offset };
  }

  get position(): Pick<Header, "number" | "timestamp"> {
    const { number, timestamp } = this.#parent;
    return { number: number + 1n, timestamp: this.clock.timestampAfter(timestamp) };
  }

  get rules(): ForkRules {
    return this.#chain().rules.rulesAt(this.position);
  }

  /** Wei per gas; undefined before there is a base fee. */
  get baseFee(): bigint | undefined {
    if (!this.rules.eip1559) return undefined;
    return this.#choices.baseFee ?? nextBaseFee(this.#parent);
  }

  /** Wei per blob gas; undefined before there are blobs. */
  get blobFee(): bigint | undefined {
    const { rules } = this;
    return rules.eip4844 ? blobBaseFee(nextExcessBlobGas(this.#parent, rules), rules) : undefined;
  }

  get gasLimit(): bigint {
    return this.#choices.gasLimit ?? this.#parent.gasLimit;
  }

  /** Wei per gas that a transaction must pay to be mined. */
  get minGasPrice(): bigint {
    return this.#choices.minGasPrice;
  }

  get coinbase(): Uint8Array {
    return this.#choices.coinbase;
  }

  /** Seconds. Throws TimestampError. */
  setTimestamp(timestamp: bigint): void {
    this.clock.setNext(timestamp, this.#parent.timestamp);
  }

  /** Of this block only, wei per gas. */
  setBaseFee(baseFee: bigint): void {
    this.#choices = { ...this.#choices, baseFee };
  }

  /** Of this block, 32 bytes; those after it are drawn from it. */
  setPrevRandao(prevRandao: Uint8Array): void {
    this.#randomness = { ...this.#randomness, randao: prevRandao };
  }

  /** Of this and all further blocks, 20 bytes. */
  setCoinbase(coinbase: Uint8Array): void {
    this.#choices = { ...this.#choices, coinbase };
  }

  /** Of this and all further blocks. */
  setGasLimit(gasLimit: bigint): void {
    this.#choices = { ...this.#choices, gasLimit };
  }

  /** Of this and all further blocks: who pays less, in wei per gas, waits in the pool. */
  setMinGasPrice(minGasPrice: bigint): void {
    this.#choices = { ...this.#choices, minGasPrice };
  }

  /** What the pool measures transactions by. */
  poolView(): PoolView {
    const chain = this.#chain();
    const state = chain.stateAfter(chain.head.hash);
    return {
      state: chain.stateId(chain.head.hash),
      rules: this.rules,
      gasLimit: this.gasLimit,
      account: (address) => state.getAccount(address),
    };
  }

  attributes(): BlockAttributes {
    const { coinbase, gasLimit, baseFee } = this.#choices;
    const { randao, beaconRoot, nonce } = this.#randomness;
    return {
      timestamp: this.position.timestamp,
      coinbase,
      prevRandao: randao,
      ...(nonce === undefined ? {} : { nonce }),
      ...(beaconRoot === undefined ? {} : { parentBeaconBlockRoot: beaconRoot }),
      ...(gasLimit === undefined ? {} : { gasLimit }),
      ...(baseFee === undefined ? {} : { baseFeePerGas: baseFee }),
    };
  }

  /** What of the pool may be in the block, in its order. */
  candidates(pool: Mempool): PooledTransaction[] {
    const baseFee = this.baseFee ?? 0n;
    const view = this.poolView();
    const candidates = pool.candidates(view, { baseFee, blobFee: this.blobFee ?? 0n, order: this.#order });
    const { minGasPrice } = this.#choices;
    const pays = ({ tx }: PooledTransaction): boolean => baseFee + effectiveTip(tx, baseFee) >= minGasPrice;
    // Twice as many as the block has room for, at most: some may have to be left out.
    const most = Math.min(MOST_CANDIDATES, 2 * Math.ceil(Number(view.gasLimit) / TRANSFER_GAS));
    return (minGasPrice === 0n ? candidates : candidates.filter(pays)).slice(0, most);
  }

  /** A block with this timestamp has been mined: the next one is another one. */
  passed(timestamp: bigint): void {
    this.clock.passed(timestamp);
    this.#choices = { ...this.#choices, baseFee: undefined };
    const { randao, beaconRoot } = this.#randomness;
    this.#randomness = {
      randao: keccak256(randao),
      ...(beaconRoot === undefined ? {} : { beaconRoot: keccak256(beaconRoot) }),
    };
  }

  snapshot(): NextBlockState {
    return { clock: this.clock.snapshot(), choices: this.#choices, randomness: this.#randomness };
  }

  restore({ clock, choices, randomness }: NextBlockState): void {
    this.clock.restore(clock);
    this.#choices = choices;
    this.#randomness = randomness;
  }

  /** Everything is as it was when the node was made. */
  reset(): void {
    const { choices, randomness, offset } = this.#atStart;
    const now = this.clock.now - this.clock.offset + offset;
    this.restore({ clock: { now, next: undefined, interval: undefined }, choices, randomness });
  }

  /** A chain that goes on from another one goes on in its time. */
  begin({ timestamp, gasLimit, baseFee }: ChainStart): void {
    this.clock.set(timestamp);
    this.#choices = { ...this.#choices, gasLimit, baseFee };
  }

  get #parent(): Header {
    return this.#chain().head.header;
  }
}

/** What the first block that is mined begins with. */
export interface ChainStart {
  timestamp: bigint;
  gasLimit?: bigint;
  baseFee?: bigint;
}
