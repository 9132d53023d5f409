// Kills a node in the middle of an import, again and again: it opens at a block of the file, whole, and the next import goes on from there.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createNode } from "@braid/node";
import { concatBytes, hexToBytes } from "@braid/primitives";
import { NodeProcess, numbers } from "./node-process.ts";

const BLOCKS = 600;
const TRANSACTIONS = 20;

/** Of the first block: with it and the number of accounts the chain begins as that of the file. */
const TIMESTAMP = 1_700_000_000n;

interface TornOptions {
  folder: string;
  kills: number;
  seed: number;
}

interface ChainFile {
  path: string;
  /** By number. */
  blocks: { hash: string; receipts: unknown }[];
}

/** The blocks at which the store was found; throws when it was not whole. */
export async function tornImports({ folder, kills, seed }: TornOptions): Promise<number[]> {
  await mkdir(folder, { recursive: true });
  const file = await writeChain(folder);
  const random = numbers(seed);
  const dataDir = join(folder, "data");
  const args = ["--datadir", dataDir, "--accounts", "2", "--timestamp", String(TIMESTAMP), "--no-mining"];
  const begin = performance.now();
  await check([...args, "--import", file.path], file);
  const whole = performance.now() - begin;
  await rm(dataDir, { recursive: true });
  const found: number[] = [];
  let reached = 0;
  for (let kill = 0; kill < kills; kill++) {
    const node = NodeProcess.begin([...args, "--import", file.path]);
    await new Promise((resolve) => setTimeout(resolve, random() * whole));
    await node.kill();
    const at = await check(args, file);
    if (at < reached) throw new Error(`the store was at block ${reached}, and is at block ${at} now`);
    found.push(at);
    reached = at;
    if (at < BLOCKS) continue;
    await rm(dataDir, { recursive: true });
    reached = 0;
  }
  const at = await check([...args, "--import", file.path], file);
  if (at !== BLOCKS) throw new Error(`the import ended at block ${at}`);
  return found;
}

/** The newest block that a node has which is started anew; all up to there are those of the file. */
async function check(args: readonly string[], { blocks }: ChainFile): Promise<number> {
  const node = await NodeProcess.start(args);
  try {
    const newest = Number(await node.ask<string>("eth_blockNumber"));
    for (let number = 0; number <= newest; number += number < newest - 5 ? 5 : 1) {
      const tag = `0x${number.toString(16)}`;
      const { hash, receipts } = blocks[number] as ChainFile["blocks"][number];
      const block = await node.ask<{ hash: string } | null>("eth_getBlockByNumber", tag, false);
      if (block?.hash !== hash) throw new Error(`block ${number} is ${block?.hash}, not ${hash}`);
      if (JSON.stringify(await node.ask("eth_getBlockReceipts", tag)) !== JSON.stringify(receipts))
        throw new Error(`block ${number} has other receipts`);
    }
    return newest;
  } finally {
    await node.kill();
  }
}

/** A chain with a transfer to a new account in every transaction, so that its state grows. */
async function writeChain(folder: string): Promise<ChainFile> {
  await using node = await createNode({
    accounts: 2,
    timestamp: TIMESTAMP,
    mining: { auto: false },
  });
  const ask = async <T>(method: string, ...params: unknown[]): Promise<T> =>
    (await node.request({ method, params })) as T;
  const [from] = await ask<string[]>("eth_accounts");
  const fees = { maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1" };
  for (let nonce = 0; nonce < BLOCKS * TRANSACTIONS; nonce++) {
    const to = `0x${(0x1_0000 + nonce).toString(16).padStart(40, "0")}`;
    const own = { from, to, value: "0x1", gas: "0x5208", nonce: `0x${nonce.toString(16)}` };
    await ask("eth_sendTransaction", { ...own, ...fees });
    if ((nonce + 1) % TRANSACTIONS === 0) await ask("evm_mine");
  }
  const blocks: ChainFile["blocks"] = [];
  const raws: Uint8Array[] = [];
  for (let number = 0; number <= BLOCKS; number++) {
    const tag = `0x${number.toString(16)}`;
    const { hash } = await ask<{ hash: string }>("eth_getBlockByNumber", tag, false);
    blocks.push({ hash, receipts: await ask("eth_getBlockReceipts", tag) });
    if (number > 0) raws.push(hexToBytes(await ask<string>("debug_getRawBlock", tag)));
  }
  const path = join(folder, "chain.rlp");
  await writeFile(path, concatBytes(...raws));
  return { path, blocks };
}
