// What is measured of each node. Every function checks that the node has done its work.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Hex } from "@braid/primitives";
import { NodeClient } from "./node-client.ts";
import type { InProcessJob } from "./node-in-process.ts";
import { NODE_CHAIN, type NodeSide, type RunningNode } from "./node-sides.ts";
import { fund, type MiningJob, type NodeWorkload, transfersOf } from "./node-workload.ts";

/** How many sockets bring the state. */
const LOADERS = 8;
/** Pools keep the time in their state: all nodes have the same. */
const FIRST_TIMESTAMP = 2_000_000_000;

async function onClients<T>(
  url: string,
  count: number,
  use: (client: NodeClient, index: number) => Promise<T>,
): Promise<T[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => NodeClient.open(url)));
  try {
    return await Promise.all(clients.map(use));
  } finally {
    for (const client of clients) client.close();
  }
}

/** Calls the same over several sockets, each the next one that nobody has. */
async function inParallel<Item>(
  url: string,
  items: readonly Item[],
  call: (client: NodeClient, item: Item) => Promise<unknown>,
) {
  let next = 0;
  await onClients(url, LOADERS, async (client) => {
    while (next < items.length) await call(client, items[next++] as Item);
  });
}

export async function putState({ url, client }: RunningNode, { state }: NodeWorkload): Promise<void> {
  await inParallel(url, state, (one, [method, params]) => one.call(method, params));
  await client.call("evm_mine", [FIRST_TIMESTAMP]);
}

/** What a block has left behind: the same for all nodes. */
export interface Outcome {
  gasUsed: string;
  transactions: number;
  values: unknown[];
}

/** Milliseconds in which the node takes the transactions, and then mines them. The node is afterwards as it was before. */
export async function mine(
  node: RunningNode,
  job: MiningJob,
): Promise<{ take: number; mine: number; outcome: Outcome }> {
  const { client } = node;
  const snapshot = await client.call("evm_snapshot");
  const begin = performance.now();
  // In one order for all: on one pool each swap depends on the one before it.
  for (const raw of job.transactions) await client.call("eth_sendRawTransaction", [raw]);
  const taken = performance.now();
  await client.call("evm_mine", [FIRST_TIMESTAMP + 12]);
  const mined = performance.now();
  const outcome = await outcomeOf(client, job);
  await client.call("evm_revert", [snapshot]);
  return { take: taken - begin, mine: mined - taken, outcome };
}

async function outcomeOf(client: NodeClient, { transactions, balances, slots }: MiningJob): Promise<Outcome> {
  const block = await client.call<{ gasUsed: string; transactions: Hex[] }>("eth_getBlockByNumber", [
    "latest",
    false,
  ]);
  const { length } = block.transactions;
  if (length !== transactions.length)
    throw new Error(`the block has ${length} of ${transactions.length} transactions`);
  const step = Math.max(1, Math.floor(length / 50));
  for (let i = 0; i < length; i += step) {
    const receipt = await client.call<{ status: string }>("eth_getTransactionReceipt", [
      block.transactions[i],
    ]);
    if (receipt.status !== "0x1") throw new Error(`transaction ${i} of the block has failed`);
  }
  const values: unknown[] = [];
  for (const account of balances)
    values.push(BigInt(await client.call("eth_getBalance", [account, "latest"])));
  for (const [account, slot] of slots)
    values.push(await client.call("eth_getStorageAt", [account, slot, "latest"]));
  return { gasUsed: BigInt(block.gasUsed).toString(), transactions: length, values };
}

/** Transactions a second, each sent when the one before it has its receipt, over so many connections at once. */
export async function sendToReceipt(node: RunningNode, clients: number, each: number): Promise<number> {
  const { client, url } = node;
  const { funded, transactions } = transfersOf(clients, each);
  const snapshot = await client.call("evm_snapshot");
  await fund(client, funded);
  const begin = performance.now();
  await onClients(url, clients, async (one, i) => {
    for (const raw of transactions[i] ?? []) {
      const hash = await one.call("eth_sendRawTransaction", [raw]);
      await receiptOf(one, hash);
    }
  });
  const seconds = (performance.now() - begin) / 1e3;
  for (const account of funded) {
    const nonce = Number(await client.call("eth_getTransactionCount", [account, "latest"]));
    if (nonce !== each) throw new Error(`${account} has sent ${nonce} of ${each} transactions`);
  }
  await client.call("evm_revert", [snapshot]);
  return (clients * each) / seconds;
}

async function receiptOf(client: NodeClient, hash: unknown): Promise<void> {
  for (;;) {
    const receipt = await client.call<{ status: string } | null>("eth_getTransactionReceipt", [hash]);
    if (receipt === null) continue;
    if (receipt.status !== "0x1") throw new Error(`transaction ${hash} has failed`);
    return;
  }
}

/** A request whose answer is always the same. */
interface RepeatedRequest {
  method: string;
  params: unknown[];
  /** What the answer ends with. */
  result: string;
}

/** A token's transfer that nobody mines. */
export function transferCall({ call }: NodeWorkload): RepeatedRequest {
  return { method: "eth_call", params: [call, "latest"], result: `${"0".repeat(63)}1` };
}

/** What a node has not to work for: what is left is its server, the client and the system. */
export const CHAIN_ID: RepeatedRequest = {
  method: "eth_chainId",
  params: [],
  result: NODE_CHAIN.chainId.toString(16),
};

/** Answers a second over so many connections at once. */
export async function answerRate(
  node: RunningNode,
  { method, params, result }: RepeatedRequest,
  clients: number,
  each: number,
): Promise<number> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const begin = performance.now();
  await onClients(node.url, clients, async (client) => {
    for (let i = 0; i < each; i++) {
      const answer = await client.post(body);
      if (!answer.includes(`${result}"`)) throw new Error(`${method} has failed: ${answer}`);
    }
  });
  return (clients * each) / ((performance.now() - begin) / 1e3);
}

/** Milliseconds for each transaction, sent and mined and its receipt read in the node's own process. */
export async function inProcess(side: Exclude<NodeSide, "anvil">, count: number): Promise<number[]> {
  const script = fileURLToPath(new URL("node-in-process.ts", import.meta.url));
  const child = fork(script, [side], { execArgv: [] });
  try {
    const failure = once(child, "exit").then(([code]) => {
      throw new Error(`${side} ended with code ${code}`);
    });
    failure.catch(() => {});
    await Promise.race([once(child, "message"), failure]);
    const { funded, transactions } = transfersOf(1, count);
    child.send({ funded, transactions: transactions.flat() } satisfies InProcessJob);
    const [ms] = (await Promise.race([once(child, "message"), failure])) as [number[]];
    return ms;
  } finally {
    child.kill("SIGKILL");
  }
}

/** MiB resident before and after so many blocks of one transfer each, and milliseconds for all of them. */
export async function grow(
  node: RunningNode,
  blocks: number,
): Promise<{ before: number; after: number; ms: number }> {
  const { funded, transactions } = transfersOf(1, blocks);
  await fund(node.client, funded);
  const before = node.resident();
  const begin = performance.now();
  for (const raw of transactions.flat())
    await receiptOf(node.client, await node.client.call("eth_sendRawTransaction", [raw]));
  return { before, after: node.resident(), ms: performance.now() - begin };
}
