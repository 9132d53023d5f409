// A node that takes its time for every answer, in a process of its own: `remote-node.ts` starts it. It has one block, and the state before it.
//
//   node bench/remote-server.ts <block file> <milliseconds>
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import type { RpcBlock } from "@braid/protocol";
import { loadBlockFile, openParentState } from "@braid/replay";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "@braid/state";
import type { RemoteTraffic } from "./measurements.ts";

interface RpcRequest {
  id: unknown;
  method: string;
  params?: readonly unknown[];
}

const [path = "", delay = "0"] = process.argv.slice(2);
const delayMs = Number(delay);
const file = await loadBlockFile(path);
const [block] = file.blocks;
if (block === undefined) throw new RangeError("the file holds no block");
const { source: state } = openParentState(file).open();
/** As mainnet serves it. */
const json: Omit<RpcBlock, "transactions"> & { transactions: { hash: Hex }[] } = JSON.parse(
  gunzipSync(await readFile(path)).toString(),
).block;
const parent = {
  ...json,
  number: hexOf(block.number - 1n),
  hash: bytesToHex(block.input.header.parentHash),
  timestamp: hexOf(block.input.header.timestamp - 12n),
  transactions: [],
  withdrawals: [],
};

let traffic: RemoteTraffic = { requests: 0, calls: 0, rounds: 0, keys: 0 };
let seen = new Set<string>();

const server = createServer(async (request, response) => {
  // What was answered before it came may be why it came.
  const round = traffic.rounds + 1;
  const body = JSON.parse(await text(request)) as RpcRequest | RpcRequest[];
  const due = performance.now() + delayMs;
  const calls = Array.isArray(body) ? body : [body];
  traffic.requests++;
  traffic.calls += calls.length;
  const answers = await Promise.all(calls.map(answer));
  const payload = Array.isArray(body) ? `[${answers.join(",")}]` : (answers[0] as string);
  waitUntil(due, () => {
    traffic.rounds = Math.max(traffic.rounds, round);
    send(response, payload);
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));

process.on("message", () => {
  process.send?.({ ...traffic, keys: seen.size } satisfies RemoteTraffic);
  traffic = { requests: 0, calls: 0, rounds: 0, keys: 0 };
  seen = new Set();
});
process.on("disconnect", () => process.exit());

/** A timer knows no parts of a millisecond. */
function waitUntil(due: number, then: () => void): void {
  const left = due - performance.now();
  if (left <= 0) then();
  else if (left >= 2) setTimeout(() => waitUntil(due, then), Math.floor(left));
  else setImmediate(() => waitUntil(due, then));
}

function send(response: ServerResponse, payload: string): void {
  response.setHeader("content-type", "application/json");
  response.end(payload);
}

async function answer({ id, method, params = [] }: RpcRequest): Promise<string> {
  const result = await answerTo(method, params);
  const end =
    result === undefined
      ? { error: { code: -32601, message: `the method ${method} does not exist/is not available` } }
      : { result };
  return JSON.stringify({ jsonrpc: "2.0", id, ...end });
}

async function answerTo(method: string, [first, second]: readonly unknown[]): Promise<unknown> {
  switch (method) {
    case "eth_chainId":
      return hexOf(file.chain.chainId);
    case "net_version":
      return String(file.chain.chainId);
    case "eth_blockNumber":
      return json.number;
    case "eth_gasPrice":
      return "0x1";
    case "eth_getBlockByNumber":
      return blockAt(BigInt(String(first)));
    case "eth_getBlockByHash":
      return [json, parent].find(({ hash }) => hash === first) ?? null;
    case "eth_getTransactionByHash":
      return json.transactions.find((tx) => tx.hash === first) ?? null;
    default:
      return answerOfState(method, String(first) as Hex, second);
  }
}

async function blockAt(number: bigint): Promise<unknown> {
  if (number === block?.number) return json;
  if (hexOf(number) === parent.number) return parent;
  return { ...parent, number: hexOf(number), hash: bytesToHex(await state.getBlockHash(number)) };
}

async function answerOfState(method: string, address: Hex, slot: unknown): Promise<unknown> {
  if (method === "eth_getStorageAt") {
    const key = `0x${BigInt(String(slot)).toString(16).padStart(64, "0")}` as const;
    seen.add(`${address}${key}`);
    return hexOf(await state.getStorage(hexToBytes(address), hexToBytes(key)), 64);
  }
  const methods = ["eth_getBalance", "eth_getTransactionCount", "eth_getCode", "eth_getProof"];
  if (!methods.includes(method)) return undefined;
  seen.add(address);
  const account = await state.getAccount(hexToBytes(address));
  const { balance, nonce, codeHash } = account ?? { balance: 0n, nonce: 0n, codeHash: EMPTY_CODE_HASH };
  if (method === "eth_getBalance") return hexOf(balance);
  if (method === "eth_getTransactionCount") return hexOf(nonce);
  if (method === "eth_getCode") return bytesToHex(await codeOf(codeHash));
  // Without the nodes of a trie, which the block's file does not have: for those who do not look at them.
  return {
    address,
    balance: hexOf(balance),
    nonce: hexOf(nonce),
    codeHash: bytesToHex(codeHash),
    storageHash: bytesToHex(EMPTY_TRIE_ROOT),
    accountProof: [],
    storageProof: [],
  };
}

/** A code that the file lacks is one that the block does not run. */
async function codeOf(hash: Uint8Array): Promise<Uint8Array> {
  try {
    return await state.getCode(hash);
  } catch {
    return new Uint8Array(0);
  }
}

function hexOf(value: bigint, digits = 0): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
