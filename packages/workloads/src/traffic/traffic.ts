// What a block is made of: who does what, in which kind of transaction, at which price, and what goes wrong.
import { createAccounts, type SigningAccount } from "../chain/accounts.ts";
import { CHAIN_ID } from "../chain/chain-spec.ts";
import { type Authorization, signTransaction, type TransactionRequest } from "../chain/sign-transaction.ts";
import type { Rehearsal, StockChain } from "../chain/stock-chain.ts";
import { TextRandom } from "../chain/text-random.ts";
import { MOST_GAS } from "../world.ts";
import { type AccessListShares, accessListGas, chooseAccessList } from "./access-lists.ts";
import { Zipf } from "./zipf.ts";

/** One kind of thing that people do; it may take several transactions. The higher the weight, the more often it happens. */
export interface Action {
  name: string;
  weight: number;
  run(traffic: Traffic, sender: SigningAccount): void | Promise<void>;
}

/** A transaction without what every transaction has: nonce, fees, type, and gas. */
export interface Call {
  /** Undefined creates a contract. */
  to?: Uint8Array;
  data?: Uint8Array;
  value?: bigint;
  /** If not given, what it needs and some more. */
  gasLimit?: bigint;
  /** Makes it an EIP-7702 transaction. */
  authorizations?: Authorization[];
  /** Others stand or fall with this one: nothing makes it fail that its sender has not meant. */
  isVital?: boolean;
}

export interface TrafficOptions {
  /** Zipf's exponent for whatever users choose among: 0 for all alike. Several take turns from block to block. */
  contention: number | readonly number[];
  /** The same for who acts. */
  senderContention: number;
  /** In percent of the transactions. */
  accessLists: AccessListShares;
  /** In percent of the transactions: those that ask for what a contract refuses, and those that bring too little gas. */
  reverts: number;
  outOfGas: number;
  /** Payments that go on and on from one to the next, who had nothing before: in percent of the transactions, and how many in a row. */
  chains: { share: number; length: number };
}

/** How type 0, 1 and 2 share the blocks; type 4 is chosen by those who need it. */
const WEIGHTED_TYPES = [
  [15, 0],
  [10, 1],
  [75, 2],
] as const;

const GWEI = 10n ** 9n;
/** What each link of a chain keeps: more than fees. */
const CHAIN_VALUE = 10n ** 18n;

interface Draft extends Call {
  sender: SigningAccount;
  nonce: bigint;
  type: 0 | 1 | 2 | 4;
  tip: bigint;
}

/** Makes the transactions of one block after the other; the same random numbers give the same transactions. */
export class Traffic {
  readonly chain: StockChain;
  readonly random: TextRandom;
  readonly users: readonly SigningAccount[];
  readonly #actions: readonly (readonly [weight: number, action: Action])[];
  readonly #options: TrafficOptions;
  readonly #things: readonly Zipf[];
  readonly #senders: Zipf;
  /** What is to be sent and found no room yet. */
  #drafts: Draft[] = [];
  #isFailing = false;
  readonly #seed: string;
  #chains = 0;
  #blocks = 0;
  /** In the block that is under way. */
  #popularity = new Zipf(0);

  constructor(
    chain: StockChain,
    users: readonly SigningAccount[],
    actions: readonly Action[],
    seed: string,
    options: TrafficOptions,
  ) {
    this.chain = chain;
    this.users = users;
    this.random = new TextRandom(`${seed}/traffic`);
    this.#actions = actions.map((action) => [action.weight, action]);
    this.#options = options;
    this.#seed = seed;
    this.#things = [options.contention].flat().map((exponent) => new Zipf(exponent));
    this.#senders = new Zipf(options.senderContention);
  }

  /** `count` signed transactions that are all valid on top of the chain's present state; fewer when a block has no gas for more. */
  async block(count: number, coinbase: Uint8Array): Promise<Uint8Array[]> {
    const { chains } = this.#options;
    this.#popularity = this.#things[this.#blocks++ % this.#things.length] as Zipf; // in bounds
    while (this.#drafts.length < count) {
      if (this.random.chance(chains.share / chains.length)) this.#passOn(chains.length);
      const sender = this.#senders.pick(this.random, this.users);
      this.#isFailing = this.random.chance(this.#options.reverts);
      const before = this.#drafts.length;
      await this.random.weighted(this.#actions).run(this, sender);
      const last = this.#drafts.at(-1);
      if (this.#isFailing && this.#drafts.length > before && last !== undefined) spoil(last);
    }
    const drafts = this.#drafts.slice(0, count);
    const rehearsals = await this.chain.rehearse(
      drafts.map((draft) => this.#sign(draft, { gasLimit: draft.gasLimit ?? MOST_GAS })),
      { coinbase },
    );
    const transactions: Uint8Array[] = [];
    let gas = 0n;
    for (const [index, draft] of drafts.entries()) {
      const fitted = this.#fit(draft, rehearsals[index] as Rehearsal); // one for each
      gas += fitted.gasLimit;
      // Nothing of it has been used yet: what a transaction leaves is not counted on.
      if (gas > this.chain.head.gasLimit) break;
      transactions.push(this.#sign(draft, fitted));
    }
    this.#drafts = this.#drafts.slice(transactions.length);
    return transactions;
  }

  /** Puts a transaction into the block. */
  send(sender: SigningAccount, call: Call): void {
    const type = call.authorizations === undefined ? this.random.weighted(WEIGHTED_TYPES) : 4;
    const tip = BigInt(this.random.between(1, 40)) * (GWEI / 20n);
    this.#drafts.push({ ...call, sender, nonce: sender.nonce++, type, tip });
  }

  /** Whether what comes next is to be refused; who asks sees to it that it is. */
  takesFailure(): boolean {
    const isFailing = this.#isFailing;
    this.#isFailing = false;
    return isFailing;
  }

  /** One of several things, the first of them most often. */
  popular<T>(things: readonly T[]): T {
    return this.#popularity.pick(this.random, things);
  }

  /** Somebody else, the first of the users most often. */
  peerOf(account: SigningAccount): SigningAccount {
    const other = this.popular(this.users);
    return other === account ? (this.users[this.users.length - 1] ?? other) : other;
  }

  /** Each payment is valid only because of the one before it. */
  #passOn(length: number): void {
    const links = createAccounts(`${this.#seed}/chain/${this.#chains++}`, length);
    let from = this.#senders.pick(this.random, this.users);
    for (const [index, to] of links.entries()) {
      this.send(from, { to: to.address, value: CHAIN_VALUE * BigInt(length - index), isVital: true });
      from = to;
    }
  }

  /** The gas limit and the list that a transaction gets which would do what was rehearsed. */
  #fit(
    { gasLimit, isVital = false, type, authorizations }: Draft,
    { gasUsed, hasRefund, leastGas, accessList: exact }: Rehearsal,
  ): { gasLimit: bigint; type?: 1; accessList?: ReturnType<typeof chooseAccessList> } {
    const { random } = this;
    const { accessLists, outOfGas } = this.#options;
    const list = chooseAccessList(random, accessLists, exact);
    const isPlain = gasUsed === 21_000n;
    let limit = gasLimit ?? (isPlain ? gasUsed : roomFor(gasUsed, hasRefund));
    // Some of the way is gone when it runs out.
    if (
      random.chance(outOfGas) &&
      !isVital &&
      gasLimit === undefined &&
      authorizations === undefined &&
      gasUsed > leastGas
    )
      limit = leastGas + ((gasUsed - leastGas) * BigInt(random.between(5, 90))) / 100n;
    if (list === undefined) return { gasLimit: limit };
    limit += accessListGas(list);
    const fitted = { gasLimit: limit < MOST_GAS ? limit : MOST_GAS, accessList: list };
    return type === 0 ? { ...fitted, type: 1 } : fitted;
  }

  #sign({ sender, nonce, isVital, tip, ...call }: Draft, changes: Partial<TransactionRequest>): Uint8Array {
    const baseFee = this.chain.nextBaseFee;
    const request: TransactionRequest = {
      chainId: CHAIN_ID,
      maxFee: call.type < 2 ? baseFee + tip : baseFee * 2n + tip,
      tip,
      gasLimit: MOST_GAS,
      ...call,
      ...changes,
    };
    return signTransaction(request, sender, nonce);
  }
}

/** What people leave as a margin: contracts may find things a little different, and a call keeps a 64th for itself. */
function roomFor(gasUsed: bigint, hasRefund: boolean): bigint {
  const needed = hasRefund ? (gasUsed * 5n) / 4n : gasUsed;
  const limit = (needed * 5n) / 4n + 20_000n;
  return limit < MOST_GAS ? limit : MOST_GAS;
}

/** Makes a transaction fail that is not made to by who sent it: a call loses the end of its arguments. */
function spoil(draft: Draft): void {
  if (draft.isVital || draft.to === undefined || draft.data === undefined || draft.data.length <= 4) return;
  draft.data = draft.data.slice(0, draft.data.length - 32);
}
