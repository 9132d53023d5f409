// Benchmark blocks of one kind of transaction, over a state that has the contracts deployed and everybody funded.
import { bytesToBigInt, bytesToHex, equalBytes } from "@braid/primitives";
import type { Bundle } from "@braid/replay";
import type { FlatAccount, FlatPreState } from "@braid/state";
import { createAccounts, type SigningAccount } from "./accounts.ts";
import { CHAIN_ID } from "./chain-spec.ts";
import { callData } from "./contract-code.ts";
import { DEADLINE, type Deployment, deploy, UNLIMITED } from "./deployment.ts";
import { ETHER, genesisState } from "./genesis.ts";
import { signTransaction, type TransactionRequest } from "./sign-transaction.ts";
import { StockChain, toBundle } from "./stock-chain.ts";
import { allowanceSlot, balanceSlot, TOTAL_SUPPLY_SLOT } from "./storage.ts";

/** A state to build benchmark blocks on. */
export interface Workload {
  /** Senders and receivers hold ether, wrapped ether and the first plain token; the router may spend the senders' wrapped ether. */
  genesis: FlatPreState;
  deployment: Deployment;
  /** Who signs; all nonces are 0. The builders below take them in turn and leave them as they are. */
  senders: readonly SigningAccount[];
  /** As many accounts that send nothing. */
  receivers: readonly Uint8Array[];
}

export interface WorkloadOptions {
  /** How many accounts send; a block with more transactions has several of the same sender. */
  senders: number;
  /** How many pools there are, each of wrapped ether and a token of its own. At least 1. */
  pools: number;
  seed?: string;
}

/** Blocks may be as large as a benchmark wants them. */
const WORKLOAD_GAS_LIMIT = 10_000_000_000n;

const WETH_PER_SENDER = 100n * ETHER;
const MAX_FEE = 20n * 10n ** 9n;
const TIP = 10n ** 9n;

/** Deploys the contracts with stock @ethereumjs/vm and writes balances and allowances into the state that results. */
export async function prepareWorkload({
  senders: count,
  pools,
  seed = "workload",
}: WorkloadOptions): Promise<Workload> {
  const senders = createAccounts(seed, count);
  const receivers = createAccounts(`${seed}/receivers`, count).map(({ address }) => address);
  const [deployer] = createAccounts(`${seed}/deployer`, 1) as [SigningAccount];
  const pairs = Array.from({ length: pools }, (_, index) => [0, index + 1] as const);
  const { deployment, blocks } = deploy(deployer, { tokens: pools, pools: pairs, holders: [] });
  const chain = await StockChain.create(
    genesisState([[deployer.address, 1_000_000n * ETHER]]),
    WORKLOAD_GAS_LIMIT,
  );
  for (const transactions of blocks) {
    const { outcomes } = await chain.mine(transactions, { coinbase: deployer.address });
    const failure = outcomes.find(({ succeeded }) => !succeeded);
    if (failure !== undefined) throw new Error(`the deployment failed: ${failure.error}`);
  }
  const genesis = await chain.dump();
  fund(genesis, deployment, senders, receivers);
  return { genesis, deployment, senders, receivers };
}

/** `count` transfers of ether, each to another account. */
export function etherTransfers(workload: Workload, count: number): Uint8Array[] {
  return build(workload, count, (index) => ({
    to: receiver(workload, index),
    value: 1n + BigInt(index),
    gasLimit: 21_000n,
  }));
}

/** `count` transfers of one ERC-20 token, each to another account that holds it already. */
export function tokenTransfers(workload: Workload, count: number): Uint8Array[] {
  return build(workload, count, (index) => ({
    to: plainToken(workload, 1),
    data: callData("Token", "transfer(address,uint256)", receiver(workload, index), 1n + BigInt(index)),
    gasLimit: 60_000n,
  }));
}

/** `count` swaps of wrapped ether through the router, spread evenly over the first `pools` pools. */
export function swaps(workload: Workload, count: number, pools: number): Uint8Array[] {
  const { tokens, router } = workload.deployment;
  return build(workload, count, (index, sender) => {
    const path = [tokens[0] as Uint8Array, plainToken(workload, 1 + (index % pools))];
    const amountIn = ETHER / 1000n + BigInt(index);
    const data = callData(
      "Router",
      "swapExactIn(uint256,uint256,address[],address,uint256)",
      amountIn,
      1n,
      path,
      sender,
      DEADLINE,
    );
    return { to: router, data, gasLimit: 200_000n };
  });
}

/** `count` swaps of different senders on one pool: each depends on the one before it, nothing can run at the same time. */
export function dependentSwaps(workload: Workload, count: number): Uint8Array[] {
  return swaps(workload, count, 1);
}

/** Blocks of the given transactions on the workload's state, executed and sealed by stock @ethereumjs/vm. */
export async function sealWorkload(
  workload: Workload,
  blocks: readonly (readonly Uint8Array[])[],
  comment: string,
): Promise<Bundle> {
  const chain = await StockChain.create(workload.genesis, WORKLOAD_GAS_LIMIT);
  const genesisHeader = chain.head;
  const rlps: Uint8Array[] = [];
  for (const transactions of blocks) rlps.push((await chain.mine(transactions, { coinbase: COINBASE })).rlp);
  return toBundle(workload.genesis, genesisHeader, rlps, comment);
}

/** Nobody's: no transaction touches it. */
const COINBASE = new Uint8Array(20).fill(0xcb);

type Request = Pick<TransactionRequest, "to" | "value" | "data" | "gasLimit">;

function build(
  workload: Workload,
  count: number,
  request: (index: number, sender: Uint8Array) => Request,
): Uint8Array[] {
  const senders = workload.senders.map((sender) => ({ ...sender }));
  return Array.from({ length: count }, (_, index) => {
    const sender = senders[index % senders.length];
    if (sender === undefined) throw new RangeError("the workload has no senders");
    return signTransaction(
      { type: 2, chainId: CHAIN_ID, maxFee: MAX_FEE, tip: TIP, ...request(index, sender.address) },
      sender,
    );
  });
}

function receiver(workload: Workload, index: number): Uint8Array {
  return workload.receivers[index % workload.receivers.length] as Uint8Array; // as many as there are senders
}

function plainToken(workload: Workload, index: number): Uint8Array {
  const token = workload.deployment.tokens[index];
  if (token === undefined)
    throw new RangeError(`the workload has ${workload.deployment.pools.length} pools, fewer than asked for`);
  return token;
}

function fund(
  state: FlatPreState,
  deployment: Deployment,
  senders: readonly SigningAccount[],
  receivers: readonly Uint8Array[],
): void {
  const owners = [...senders.map(({ address }) => address), ...receivers];
  state.accounts.push(
    ...genesisState(owners.map((owner) => [owner, 1_000n * ETHER])).accounts.slice(0, owners.length),
  );
  const [weth, token] = deployment.tokens.map((address) => find(state, address));
  if (weth?.account === undefined || token === undefined)
    throw new RangeError("a workload needs at least one pool");
  for (const owner of owners) {
    weth.storage.push([balanceSlot(owner), WETH_PER_SENDER]);
    token.storage.push([balanceSlot(owner), 1_000n * ETHER]);
  }
  for (const { address } of senders)
    weth.storage.push([allowanceSlot(address, deployment.router), UNLIMITED]);
  // What was handed out belongs to the supply, and wrapped ether has to be there to be unwrapped.
  weth.account.balance += WETH_PER_SENDER * BigInt(owners.length);
  grow(weth, WETH_PER_SENDER * BigInt(owners.length));
  grow(token, 1_000n * ETHER * BigInt(owners.length));
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
