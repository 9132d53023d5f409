// Logs: asked for, polled, and sent as they come.

import { type LogFilter, logsOfBlock } from "@braid/chain";
import { bytesToHex, type Hex, jsonList, jsonObject, Slices } from "@braid/primitives";
import { invalidParams, RpcError, SERVER_ERROR } from "@braid/rpc";
import type { Fork } from "../../fork/fork.ts";
import type { Node } from "../../node.ts";
import { type BlockParam, blockNumber, findBlock } from "../block-tags.ts";
import { formatLog, hexOf, type Json } from "../format.ts";
import { type MethodContext, type Methods, method } from "../method.ts";
import {
  address,
  anything,
  boolean,
  hash,
  list,
  object,
  optional,
  ParameterError,
  type Reader,
  text,
} from "../params.ts";
import type { LogWatch, SubscriptionTopic } from "../topics.ts";

const MOST_TOPICS = 4;
const MOST_CHOICES = 1_000;

/** One value or a list of them, null for any. */
function choices(read: Reader<Uint8Array>): Reader<Uint8Array[]> {
  return (value) => {
    if (value === undefined || value === null) return [];
    const found = Array.isArray(value) ? list(read)(value) : [read(value)];
    if (found.length > MOST_CHOICES)
      throw new ParameterError("exceed max addresses or topics per search position");
    return found;
  };
}

const topicList: Reader<Uint8Array[][]> = (value) => {
  if (value === undefined || value === null) return [];
  const topics = list(choices(hash))(Array.isArray(value) ? value.map((item) => item ?? []) : value);
  if (topics.length > MOST_TOPICS) throw new ParameterError("exceed max topics");
  return topics;
};

const fields = object({
  address: choices(address),
  topics: topicList,
  blockHash: optional(hash),
  fromBlock: optional(blockNumber),
  toBlock: optional(blockNumber),
});

type FilterParam = ReturnType<typeof fields>;

const filterParam: Reader<FilterParam> = (value) => {
  const filter = fields(value);
  if (filter.blockHash !== undefined && (filter.fromBlock !== undefined || filter.toBlock !== undefined))
    throw new ParameterError("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other");
  return filter;
};

export const logMethods: Methods = {
  eth_getLogs: method([filterParam], getLogs),

  eth_newFilter: method([filterParam], ({ node, filters }, filter) =>
    filters.create({ kind: "logs", watch: watchOf(node, filter) }),
  ),
  eth_newBlockFilter: method([], ({ filters }) => filters.create({ kind: "blocks" })),
  eth_newPendingTransactionFilter: method([optional(boolean, false)], ({ filters }, whole) =>
    filters.create({ kind: "transactions", whole }),
  ),
  eth_uninstallFilter: method([text], ({ filters }, id) => filters.remove(id as Hex)),
  eth_getFilterChanges: method([text], async ({ filters, signal, payer }, id) => {
    const changes = await filters.changes(id as Hex, { signal, payer });
    if (changes === undefined) throw filterNotFound();
    return changes;
  }),
  eth_getFilterLogs: method([text], (context, id) => {
    const { node, filters } = context;
    const watch = filters.watchOf(id as Hex);
    if (watch === undefined) throw filterNotFound();
    const { first = node.head.number, last = node.head.number, addresses, topics } = watch;
    return search(context, { first, last, addresses, topics });
  }),

  eth_subscribe: method([text, anything], ({ node, subscriptions, connection }, name, option) => {
    if (connection.notify === undefined)
      throw new RpcError(SERVER_ERROR, "notifications not supported: connect by WebSocket or IPC");
    return subscriptions.subscribe(connection, topicOf(node, name, option));
  }),
  eth_unsubscribe: method([text], ({ subscriptions, connection }, id) => {
    if (subscriptions.unsubscribe(connection, id as Hex)) return true;
    throw new RpcError(SERVER_ERROR, "subscription not found");
  }),
};

function filterNotFound(): RpcError {
  return new RpcError(SERVER_ERROR, "filter not found");
}

function topicOf(node: Node, name: string, option: unknown): SubscriptionTopic {
  if (name === "newHeads") return { kind: "blocks" };
  if (name === "newPendingTransactions") return { kind: "transactions", whole: option === true };
  if (name === "braid_parallelism") return { kind: "parallelism" };
  if (name !== "logs") throw invalidParams(`no "${name}" subscription in eth namespace`);
  try {
    return { kind: "logs", watch: watchOf(node, filterParam(option ?? {})) };
  } catch (error) {
    throw error instanceof ParameterError ? invalidParams(`invalid argument 1: ${error.message}`) : error;
  }
}

/** Numbers of blocks, as far as they are known: new ones have no bound. */
function watchOf(node: Node, { address: addresses, topics, fromBlock, toBlock }: FilterParam): LogWatch {
  const bound = (param: BlockParam | undefined): bigint | undefined =>
    param === undefined || param === "latest" || param === "pending" ? undefined : numberOf(node, param);
  return { addresses, topics, first: bound(fromBlock), last: bound(toBlock) };
}

/** The number that a parameter means, whether there is such a block or not. */
function numberOf(node: Node, param: BlockParam): bigint {
  if (typeof param === "object" && "number" in param) return param.number;
  if (param === "earliest" && node.fork !== undefined) return 0n;
  return (findBlock(node, param) ?? node.head).number;
}

async function getLogs(context: MethodContext, filter: FilterParam): Promise<Json[]> {
  const { node } = context;
  const { address: addresses, topics, blockHash, fromBlock = "latest", toBlock = "latest" } = filter;
  if (blockHash !== undefined) {
    const block = node.chain.block(blockHash);
    const receipts = block && node.chain.receipts(blockHash);
    const { fork } = node;
    if (fork !== undefined && (block === undefined || block.number <= fork.block.number))
      return logsOfFork(fork, { addresses, topics }, { blockHash: bytesToHex(blockHash) });
    if (block === undefined || receipts === undefined) throw new RpcError(SERVER_ERROR, "unknown block");
    return logsOfBlock(block, receipts, { addresses, topics }).map((log) => formatLog(log));
  }
  const [first, last] = [numberOf(node, fromBlock), numberOf(node, toBlock)];
  if (first > last) throw invalidParams("invalid block range params");
  if (last > node.head.number) throw invalidParams("block range extends beyond current head block");
  return search(context, { first, last, addresses, topics });
}

async function search(
  { node, signal, payer }: MethodContext,
  query: Required<Pick<LogWatch, "addresses" | "topics">> & { first: bigint; last: bigint },
): Promise<Json[]> {
  const { fork } = node;
  const shown = fork === undefined ? [] : await logsBefore(fork, query);
  const logs = await node.chain.findLogs({ ...query, limit: node.limits.logs, signal, payer });
  const slices = new Slices({ payer, signal });
  for (const log of logs) {
    const pause = slices.pause();
    if (pause !== undefined) await pause;
    shown.push(formatLog(log));
  }
  slices.end();
  return shown;
}

/** Logs of blocks from before the chain went its own way. */
async function logsBefore(
  fork: Fork,
  { first, last, ...filter }: LogFilter & { first: bigint; last: bigint },
): Promise<Json[]> {
  const { number } = fork.block;
  if (first > number) return [];
  return logsOfFork(fork, filter, {
    fromBlock: hexOf(first),
    toBlock: hexOf(last > number ? number : last),
  });
}

async function logsOfFork(fork: Fork, { addresses, topics }: LogFilter, where: Json): Promise<Json[]> {
  const filter = {
    ...where,
    ...(addresses.length === 0 ? {} : { address: addresses.map(bytesToHex) }),
    topics: topics.map((choice) => (choice.length === 0 ? null : choice.map(bytesToHex))),
  };
  const answer = jsonList(await fork.ask("eth_getLogs", [filter]), "the logs");
  return answer.map((log) => jsonObject(log, "a log"));
}
