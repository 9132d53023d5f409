// What the nodes get to do: pre-signed transactions, and the state that they need, which is put into every node by the same requests.

import { bigIntToBytes32, bytesToHex, concatBytes, equalBytes, type Hex } from "@braid/primitives";
import {
  createAccounts,
  dependentSwaps,
  etherTransfers,
  type PreparedState,
  prepareState,
  signTransaction,
  swaps,
  tokenTransfers,
} from "@braid/workloads";
import type { NodeClient } from "./node-client.ts";
import { NODE_CHAIN } from "./node-sides.ts";

const POOLS = 50;
const ETHER = 10n ** 18n;

/** A block to mine, and where to look whether it did what it should. */
export interface MiningJob {
  name: string;
  transactions: Hex[];
  /** Balances and slots that are compared between the nodes. */
  balances: Hex[];
  slots: [address: Hex, slot: Hex][];
}

export interface NodeWorkload {
  /** Requests that put the state into a node. */
  state: [method: string, params: unknown[]][];
  jobs: MiningJob[];
  /** Calls that read: `eth_call` parameters. */
  call: { to: Hex; data: Hex; from: Hex };
}

const hex = (value: bigint): Hex => `0x${value.toString(16)}`;

/** @param sizes transactions of the blocks of transfers of ether; @param count those of the other blocks. */
export async function nodeWorkload(sizes: readonly number[], count: number): Promise<NodeWorkload> {
  const workload = await prepareState({ senders: Math.max(count, 16), pools: POOLS });
  const receivers = workload.receivers.slice(0, 50).map(bytesToHex);
  const pools = workload.market.pools.map(({ address }) => bytesToHex(address));
  const job = (name: string, transactions: Uint8Array[], touched: Hex[]): MiningJob => ({
    name,
    transactions: transactions.map(bytesToHex),
    balances: receivers,
    slots: slotsOf(workload, touched),
  });
  const [token] = workload.market.tokens.map(({ address }) => bytesToHex(address)) as [Hex];
  const [sample] = tokenTransfers(workload, 1);
  if (sample === undefined) throw new Error("there is a transfer");
  return {
    state: stateOf(workload),
    jobs: [
      ...sizes.map((size) =>
        job(`${size.toLocaleString("en")} transfers of ether`, etherTransfers(workload, size), []),
      ),
      job(`${count.toLocaleString("en")} transfers of an ERC-20 token`, tokenTransfers(workload, count), [
        token,
      ]),
      job(`${count.toLocaleString("en")} swaps on ${POOLS} pools`, swaps(workload, count, POOLS), pools),
      job(
        `${count.toLocaleString("en")} swaps on one pool`,
        dependentSwaps(workload, count),
        pools.slice(0, 1),
      ),
    ],
    call: {
      from: bytesToHex(workload.senders[0]?.address ?? new Uint8Array(20)),
      to: token,
      // transfer(address,uint256)
      data: bytesToHex(
        concatBytes(
          Uint8Array.of(0xa9, 0x05, 0x9c, 0xbb),
          new Uint8Array(12),
          workload.receivers[0] ?? new Uint8Array(20),
          bigIntToBytes32(5n),
        ),
      ),
    },
  };
}

/** All slots of some contracts that the state begins with: reserves and balances among them. At most 100 of each. */
export function slotsOf({ genesis }: PreparedState, contracts: Hex[]): [Hex, Hex][] {
  return genesis.accounts
    .filter(({ address }) => contracts.includes(bytesToHex(address)))
    .flatMap(({ address, storage }) =>
      storage.slice(0, 100).map(([slot]): [Hex, Hex] => [bytesToHex(address), bytesToHex(slot)]),
    );
}

export function stateOf({ genesis: { accounts, codes } }: PreparedState): [string, unknown[]][] {
  const requests: [string, unknown[]][] = [];
  for (const { address: bytes, account, storage } of accounts) {
    const address = bytesToHex(bytes);
    const code = codes.find(([hash]) => account !== undefined && equalBytes(hash, account.codeHash))?.[1];
    if (account === undefined) continue;
    requests.push(["hardhat_setBalance", [address, hex(account.balance)]]);
    if (code !== undefined && code.length > 0)
      requests.push(["hardhat_setCode", [address, bytesToHex(code)]]);
    for (const [slot, value] of storage)
      requests.push(["hardhat_setStorageAt", [address, numberOf(slot), bytesToHex(bigIntToBytes32(value))]]);
  }
  return requests;
}

/** Slots are numbers in these requests, without leading zeros. */
function numberOf(slot: Uint8Array): Hex {
  return hex(BigInt(bytesToHex(slot)));
}

/** Transfers of as many senders, each with its transactions in the order of their nonces. */
export function transfersOf(senders: number, each: number): { funded: Hex[]; transactions: Hex[][] } {
  const accounts = createAccounts("bench/node", senders);
  const to = new Uint8Array(20).fill(0xbb);
  return {
    funded: accounts.map(({ address }) => bytesToHex(address)),
    transactions: accounts.map((account) =>
      Array.from({ length: each }, () =>
        bytesToHex(
          signTransaction(
            {
              type: 2,
              chainId: BigInt(NODE_CHAIN.chainId),
              to,
              value: 1n,
              gasLimit: 21_000n,
              maxFee: 20n * 10n ** 9n,
              tip: 10n ** 9n,
            },
            account,
          ),
        ),
      ),
    ),
  };
}

export async function fund(client: NodeClient, accounts: readonly Hex[]): Promise<void> {
  for (const account of accounts) await client.call("hardhat_setBalance", [account, hex(1_000_000n * ETHER)]);
}
