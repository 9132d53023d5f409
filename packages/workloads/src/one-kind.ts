// Blocks of one kind of transaction, of any size, over a state that has the contracts deployed and everybody funded.
import { bytesToBigInt, bytesToHex, concatBytes, equalBytes } from "@braid/primitives";
import type { Bundle } from "@braid/replay";
import type { FlatAccount, FlatPreState } from "@braid/state";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { createAccounts, type SigningAccount } from "./chain/accounts.ts";
import { CHAIN_ID } from "./chain/chain-spec.ts";
import { ETHER, genesisState } from "./chain/genesis.ts";
import { signTransaction, type TransactionRequest } from "./chain/sign-transaction.ts";
import { StockChain, toBundle } from "./chain/stock-chain.ts";
import { word } from "./contracts/abi.ts";
import type { Contract } from "./contracts/contract.ts";
import { slotOf } from "./contracts/contract-code.ts";
import { createMarket, type Market } from "./families/amm.ts";
import { LATER, UNLIMITED, World } from "./world.ts";

/** A state to build benchmark blocks on. */
export interface PreparedState {
  /** Senders and receivers hold ether, wrapped ether and the first plain token; the router may spend the senders' wrapped ether. */
  genesis: FlatPreState;
  market: Market;
  /** Who signs; all nonces are 0. The builders below take them in turn and leave them as they are. */
  senders: readonly SigningAccount[];
  /** As many accounts that send nothing. */
  receivers: readonly Uint8Array[];
}

export interface PreparedStateOptions {
  /** How many accounts send; a block with more transactions has several of the same sender. */
  senders: number;
  /** How many pools there are, each of wrapped ether and a token of its own. At least 1. */
  pools: number;
  seed?: string;
}

/** Blocks may be as large as a benchmark wants them. */
const GAS_LIMIT = 10_000_000_000n;

// Token and WrappedEther are OpenZeppelin's ERC20 first, so these slots are the same in both.
const BALANCES_SLOT = slotOf("Token", "_balances");
const ALLOWANCES_SLOT = slotOf("Token", "_allowances");
const TOTAL_SUPPLY_SLOT = slotOf("Token", "_totalSupply");

const WETH_PER_SENDER = 100n * ETHER;
const MAX_FEE = 20n * 10n ** 9n;
const TIP = 10n ** 9n;

/** Deploys the contracts with stock @ethereumjs/vm and writes balances and allowances into the state that results. */
export async function prepareState({
  senders: count,
  pools,
  seed = "workload",
}: PreparedStateOptions): Promise<PreparedState> {
  const senders = createAccounts(seed, count);
  const receivers = createAccounts(`${seed}/receivers`, count).map(({ address }) => address);
  const world = await World.create({ seed, users: 0, things: pools, gasLimit: GAS_LIMIT });
  const market = await createMarket(world, false);
  const { state: genesis } = await world.chain.point();
  fund(genesis, market, senders, receivers);
  return { genesis, market, senders, receivers };
}

/** `count` transfers of ether, each to another account. */
export function etherTransfers(prepared: PreparedState, count: number): Uint8Array[] {
  return build(prepared, count, (index) => ({
    to: receiver(prepared, index),
    value: 1n + BigInt(index),
    gasLimit: 21_000n,
  }));
}

/** `count` transfers of one ERC-20 token, each to another account that holds it already. */
export function tokenTransfers(prepared: PreparedState, count: number): Uint8Array[] {
  return build(prepared, count, (index) => ({
    ...tokenOf(prepared, 0).call("transfer", receiver(prepared, index), 1n + BigInt(index)),
    gasLimit: 60_000n,
  }));
}

/** The same to accounts that nobody has seen before: each is another new slot. */
export function freshTokenTransfers(prepared: PreparedState, count: number): Uint8Array[] {
  return build(prepared, count, (index) => ({
    ...tokenOf(prepared, 0).call("transfer", keccak_256(word(BigInt(index))).slice(12), 1n + BigInt(index)),
    gasLimit: 80_000n,
  }));
}

/** `count` calls of a contract, each by the next sender. */
export function callsOf(
  prepared: PreparedState,
  count: number,
  to: Uint8Array,
  gasLimit: bigint,
): Uint8Array[] {
  return build(prepared, count, () => ({ to, gasLimit }));
}

/** `count` swaps of wrapped ether through the router, spread evenly over the first `pools` pools. */
export function swaps(prepared: PreparedState, count: number, pools: number): Uint8Array[] {
  const { weth, router } = prepared.market;
  return build(prepared, count, (index, sender) => {
    const path = [weth.address, tokenOf(prepared, index % pools).address];
    const amountIn = ETHER / 1000n + BigInt(index);
    return { ...router.call("swapExactIn", amountIn, 1n, path, sender, LATER), gasLimit: 200_000n };
  });
}

/** `count` swaps of different senders on one pool: each depends on the one before it, nothing can run at the same time. */
export function dependentSwaps(prepared: PreparedState, count: number): Uint8Array[] {
  return swaps(prepared, count, 1);
}

/** Blocks of the given transactions on the workload's state, executed and sealed by stock @ethereumjs/vm. */
export async function sealBlocks(
  prepared: PreparedState,
  blocks: readonly (readonly Uint8Array[])[],
  comment: string,
): Promise<Bundle> {
  const chain = await StockChain.create(prepared.genesis, GAS_LIMIT);
  const start = await chain.point();
  const rlps: Uint8Array[] = [];
  for (const transactions of blocks) rlps.push((await chain.mine(transactions, { coinbase: COINBASE })).rlp);
  return toBundle(start, rlps, comment);
}

/** Nobody's: no transaction touches it. */
const COINBASE = new Uint8Array(20).fill(0xcb);

type Request = Pick<TransactionRequest, "to" | "value" | "data" | "gasLimit">;

function build(
  prepared: PreparedState,
  count: number,
  request: (index: number, sender: Uint8Array) => Request,
): Uint8Array[] {
  const senders = prepared.senders.map((sender) => ({ ...sender }));
  return Array.from({ length: count }, (_, index) => {
    const sender = senders[index % senders.length];
    if (sender === undefined) throw new RangeError("the workload has no senders");
    return signTransaction(
      { type: 2, chainId: CHAIN_ID, maxFee: MAX_FEE, tip: TIP, ...request(index, sender.address) },
      sender,
    );
  });
}

function receiver(prepared: PreparedState, index: number): Uint8Array {
  return prepared.receivers[index % prepared.receivers.length] as Uint8Array; // as many as there are senders
}

/** The token that pool number `index` trades against wrapped ether. */
function tokenOf({ market }: PreparedState, index: number): Contract {
  const token = market.tokens[index];
  if (token === undefined)
    throw new RangeError(`there are ${market.tokens.length} pools, fewer than asked for`);
  return token;
}

function fund(
  state: FlatPreState,
  market: Market,
  senders: readonly SigningAccount[],
  receivers: readonly Uint8Array[],
): void {
  const owners = [...senders.map(({ address }) => address), ...receivers];
  state.accounts.push(
    ...genesisState(owners.map((owner) => [owner, 1_000n * ETHER])).accounts.slice(0, owners.length),
  );
  const [weth, token] = [market.weth, market.tokens[0]].map((one) => one && find(state, one.address));
  if (weth?.account === undefined || token === undefined) throw new RangeError("at least one pool is needed");
  for (const owner of owners) {
    weth.storage.push([mappingSlot(owner, BALANCES_SLOT), WETH_PER_SENDER]);
    token.storage.push([mappingSlot(owner, BALANCES_SLOT), 1_000n * ETHER]);
  }
  for (const { address } of senders) {
    const slot = mappingSlot(market.router.address, mappingSlot(address, ALLOWANCES_SLOT));
    weth.storage.push([slot, UNLIMITED]);
  }
  // What was handed out belongs to the supply, and wrapped ether has to be there to be unwrapped.
  weth.account.balance += WETH_PER_SENDER * BigInt(owners.length);
  grow(weth, WETH_PER_SENDER * BigInt(owners.length));
  grow(token, 1_000n * ETHER * BigInt(owners.length));
}

function mappingSlot(key: Uint8Array, slot: Uint8Array): Uint8Array {
  return keccak_256(concatBytes(word(key), slot));
}

function grow(token: FlatAccount, amount: bigint): void {
  const supply = token.storage.find(([slot]) => equalBytes(slot, TOTAL_SUPPLY_SLOT));
  if (supply === undefined) throw new RangeError(`no supply at slot ${bytesToBigInt(TOTAL_SUPPLY_SLOT)}`);
  supply[1] += amount;
}

function find(state: FlatPreState, address: Uint8Array): FlatAccount {
  const account = state.accounts.find((candidate) => equalBytes(candidate.address, address));
  if (account === undefined) throw new RangeError(`${bytesToHex(address)} is not deployed`);
  return account;
}
