// A block on a state that is far away: read after read, with many reads in flight, and with its block access list, on a server that takes its
// time for every answer. Everything is warm but the state: codes have been analysed, nothing of the state is cached.
//
//   npx -y pnpm@12 bench:remote <block with its pre-state> [--delay 20] [--rounds 3]
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import { RpcClient, RpcStateSource } from "@braid/remote";
import { loadBlockFile, openParentState, verifyBlock } from "@braid/replay";
import { type Methods, Refusal, RpcServer } from "@braid/testing/rpc-server";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { median } from "./statistics.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { delay: { type: "string", default: "20" }, rounds: { type: "string", default: "3" } },
});
const file = await loadBlockFile(positionals[0] ?? "");
const [block] = file.blocks;
if (block === undefined) throw new RangeError("the file holds no block");
const parent = { number: block.number - 1n, hash: block.input.header.parentHash };
const { source: local } = openParentState(file).open();

const methods: Methods = async (method, [first, second]) => {
  if (method === "eth_getBlockByNumber")
    return { hash: bytesToHex(await local.getBlockHash(BigInt(String(first)))) };
  const address = hexToBytes(String(first));
  if (method === "eth_getStorageAt")
    return `0x${(await local.getStorage(address, hexToBytes(String(second)))).toString(16)}`;
  const account = await local.getAccount(address);
  if (method === "eth_getBalance") return `0x${(account?.balance ?? 0n).toString(16)}`;
  if (method === "eth_getTransactionCount") return `0x${(account?.nonce ?? 0n).toString(16)}`;
  if (method === "eth_getCode")
    return account === undefined ? "0x" : bytesToHex(await local.getCode(account.codeHash));
  throw new Refusal(-32601, `the method ${method} does not exist/is not available`);
};

const delayMs = Number(values.delay);
const server = await RpcServer.start(methods, { delayMs });
const executor = new Executor();
const common = { block: block.input, chain: file.chain };
const { accessList } = await executor.executeBlock({ ...common, source: local, mode: "sequential" });
await executor.executeBlock({ ...common, source: local });

/** Milliseconds, and requests. */
async function timed(
  way: "one by one" | "in flight" | "access list",
): Promise<{ ms: number; requests: number }> {
  if (block === undefined) throw new RangeError("the file holds no block");
  const client = new RpcClient(server.url, way === "one by one" ? { concurrency: 1, batch: 1 } : {});
  const source = new RpcStateSource(client, parent);
  const begin = performance.now();
  const result = await executor.executeBlock({
    ...common,
    // A source with `getMany` would be asked for many keys at once.
    source: way === "one by one" ? readByRead(source) : source,
    mode: way === "one by one" ? "sequential" : "parallel",
    hints: way === "one by one" ? false : { learned: false },
    readTimeoutMs: Number.POSITIVE_INFINITY,
    ...(way === "access list" ? { accessList } : {}),
  });
  const ms = performance.now() - begin;
  const { differences } = verifyBlock(block, result);
  if (differences.length > 0) throw new Error("the result is wrong");
  return { ms, requests: client.statistics.requests };
}

function readByRead(
  source: RpcStateSource,
): Pick<RpcStateSource, "getAccount" | "getStorage" | "getCode" | "getBlockHash"> {
  return {
    getAccount: (address) => source.getAccount(address),
    getStorage: (address, slot) => source.getStorage(address, slot),
    getCode: (hash) => source.getCode(hash),
    getBlockHash: (number) => source.getBlockHash(number),
  };
}

const ways = ["one by one", "in flight", "access list"] as const;
const runs = new Map(ways.map((way) => [way, [] as { ms: number; requests: number }[]]));
for (let round = 0; round < Number(values.rounds); round++)
  for (const way of ways) runs.get(way)?.push(await timed(way));

console.log(formatEnvironment(describeEnvironment("bench:remote")));
console.log(
  `block ${block.number}, ${block.input.transactions.length} transactions, ${delayMs} ms for each answer\n`,
);
console.log("| reads | milliseconds | requests | times as fast |\n|---|---:|---:|---:|");
const slowest = median((runs.get("one by one") ?? []).map(({ ms }) => ms));
for (const way of ways) {
  const ms = median((runs.get(way) ?? []).map((run) => run.ms));
  const requests = median((runs.get(way) ?? []).map((run) => run.requests));
  console.log(`| ${way} | ${ms.toFixed(0)} | ${requests} | ${(slowest / ms).toFixed(1)} |`);
}
await executor.close();
await server.close();
