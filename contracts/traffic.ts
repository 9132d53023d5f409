// What a block of the demo chain is made of: who sends, what kind of transaction, at which price.
import { bytesToHex, type Hex } from "@braid/primitives";
import type { SigningAccount } from "./accounts.ts";
import { CHAIN_ID } from "./chain-spec.ts";
import type { Deployment } from "./deployment.ts";
import type { TextRandom } from "./random.ts";
import {
  type AccessList,
  type Authorization,
  signTransaction,
  type TransactionRequest,
} from "./sign-transaction.ts";
import type { StockChain } from "./stock-chain.ts";
import { balanceSlot } from "./storage.ts";
import { ACCOUNT_ACTIONS } from "./traffic-accounts.ts";
import { POOL_ACTIONS } from "./traffic-pools.ts";
import { TOKEN_ACTIONS } from "./traffic-tokens.ts";

/** One kind of thing that people do; it may take several transactions. The higher the weight, the more often it happens. */
export interface Action {
  name: string;
  weight: number;
  run(traffic: Traffic, sender: SigningAccount): void | Promise<void>;
}

/** A transaction without what every transaction has: nonce, fees, type. */
export interface Call {
  /** Undefined creates a contract. */
  to?: Uint8Array;
  data?: Uint8Array;
  value?: bigint;
  gasLimit: bigint;
  /** What the transaction could announce of what it touches; some of them do. */
  accessList?: AccessList;
  /** Makes it an EIP-7702 transaction. */
  authorizations?: Authorization[];
}

/** Somebody's permission to spend a token of another: made in one transaction, used in later ones. */
export interface Grant {
  owner: SigningAccount;
  spender: SigningAccount;
  token: Uint8Array;
}

const ACTIONS: readonly Action[] = [...TOKEN_ACTIONS, ...POOL_ACTIONS, ...ACCOUNT_ACTIONS];
const WEIGHTED_ACTIONS = ACTIONS.map((action) => [action.weight, action] as const);

/** How type 0, 1 and 2 share the blocks; type 4 is chosen by those who need it. */
const WEIGHTED_TYPES = [
  [15, 0],
  [10, 1],
  [75, 2],
] as const;

/** Some accounts are services that send many transactions in a row; these are so many of all transactions, in percent. */
const BUSY_SENDERS = 4;
const BUSY_SHARE = 9;

/** A block is full when this much gas is spoken for; its gas limit of 60 million must not be exceeded by any transaction's. */
const GAS_BUDGET = 50_000_000n;
/** Gas that is used of gas limits, roughly: the limits below leave people's usual margin. */
const USED_PERCENT = 75n;

const GWEI = 10n ** 9n;

/** Makes the transactions of one block after the other; the same random numbers give the same transactions. */
export class Traffic {
  readonly chain: StockChain;
  readonly random: TextRandom;
  readonly accounts: readonly SigningAccount[];
  readonly deployment: Deployment;
  /** Permissions given so far, oldest first. */
  readonly grants: Grant[] = [];
  /** Accounts that delegated to a contract at some time, whether or not they took it back. */
  readonly delegated: SigningAccount[] = [];
  /** Allowances of the router that this block's transactions set: the state does not show them yet. */
  readonly approvedInBlock = new Set<Hex>();
  #transactions: Uint8Array[] = [];
  #gas = 0n;

  constructor(
    chain: StockChain,
    random: TextRandom,
    accounts: readonly SigningAccount[],
    deployment: Deployment,
  ) {
    this.chain = chain;
    this.random = random;
    this.accounts = accounts;
    this.deployment = deployment;
  }

  /** About `count` signed transactions that are all valid on top of the chain's present state, whatever they then do. */
  async block(count: number): Promise<Uint8Array[]> {
    this.#transactions = [];
    this.#gas = 0n;
    this.approvedInBlock.clear();
    while (this.#transactions.length < count && this.#gas < GAS_BUDGET) {
      const busy = this.random.chance(BUSY_SHARE);
      const sender = this.random.pick(busy ? this.accounts.slice(0, BUSY_SENDERS) : this.accounts);
      await this.random.weighted(WEIGHTED_ACTIONS).run(this, sender);
    }
    return this.#transactions;
  }

  /** Signs a transaction and puts it into the block. */
  send(sender: SigningAccount, call: Call): void {
    const { accessList, authorizations, ...rest } = call;
    const type = authorizations === undefined ? this.random.weighted(WEIGHTED_TYPES) : 4;
    const tip = BigInt(this.random.between(1, 40)) * (GWEI / 20n);
    const baseFee = this.chain.nextBaseFee;
    const request: TransactionRequest = {
      type,
      chainId: CHAIN_ID,
      maxFee: type < 2 ? baseFee + tip : baseFee * 2n + tip,
      tip,
      ...rest,
      ...(authorizations && { authorizations }),
    };
    const announces = type === 1 || (type === 2 && this.random.chance(5));
    if (announces && accessList !== undefined) {
      request.accessList = accessList;
      request.gasLimit += accessListGas(accessList);
    }
    this.#transactions.push(signTransaction(request, sender));
    this.#gas += (call.gasLimit * USED_PERCENT) / 100n;
  }

  /** Somebody else. */
  peerOf(account: SigningAccount): SigningAccount {
    const other = this.random.pick(this.accounts);
    return other === account ? (this.accounts[this.accounts.length - 1] ?? other) : other;
  }

  /** The plain tokens are not equally popular: each is twice as likely as the next. */
  popularToken(): Uint8Array {
    const plain = this.deployment.tokens.slice(1);
    return this.random.weighted(plain.map((token, index) => [2 ** -index, token]));
  }

  /** A popular token that the account holds some of; after a few tries any one, and then its transactions fail. */
  async heldToken(owner: SigningAccount): Promise<Uint8Array> {
    let token = this.popularToken();
    for (let tries = 0; tries < 12 && !(await this.holds(owner, token)); tries++) token = this.popularToken();
    return token;
  }

  /** Whether the account held at least `amount` of the token before this block. */
  async holds(owner: SigningAccount, token: Uint8Array, amount = 1n): Promise<boolean> {
    return (await this.chain.storageAt(token, balanceSlot(owner.address))) >= amount;
  }

  /** The key under which `approvedInBlock` remembers an owner's approval of a token. */
  approvalKey(owner: SigningAccount, token: Uint8Array): Hex {
    return `${bytesToHex(owner.address)}${bytesToHex(token).slice(2)}`;
  }
}

/** 2,400 gas an address and 1,900 a slot (EIP-2930); the warm accesses that they buy are not counted against it. */
function accessListGas(list: AccessList): bigint {
  return list.reduce((sum, [, slots]) => sum + 2_400n + 1_900n * BigInt(slots.length), 0n);
}
