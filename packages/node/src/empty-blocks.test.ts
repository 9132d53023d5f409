// Many empty blocks at once: as many as somebody wants are there at once, and whoever looks finds blocks that follow each other.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import { nextBaseFee } from "@braid/protocol";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import type { NodeOptions } from "./options.ts";
import { type BraidProvider, createNode } from "./provider.ts";

const BILLION = 1_000_000_000n;
/** Gives BLOCKHASH of the number that its input has. */
const HASHES = "0x00000000000000000000000000000000000000cc";
const HASHES_CODE = "0x5f35405f5260205ff3";
/** Leaves a log. */
const LOGS = "0x00000000000000000000000000000000000000dd";

interface Shown {
  number: string;
  hash: string;
  parentHash: string;
  timestamp: string;
  baseFeePerGas: string;
  stateRoot: string;
  transactions: string[];
}

const hexOf = (value: bigint): string => `0x${value.toString(16)}`;
const word = (value: bigint): string => `0x${value.toString(16).padStart(64, "0")}`;

let provider: BraidProvider;
const ask = async <T = string>(method: string, ...params: unknown[]): Promise<T> =>
  (await provider.request({ method, params })) as T;
const blockAt = (number: bigint): Promise<Shown> => ask<Shown>("eth_getBlockByNumber", hexOf(number), false);

afterEach(async () => {
  await provider.close();
});

async function open(options: NodeOptions = {}): Promise<void> {
  provider = await createNode({ workers: 0, accounts: 2, ...options });
  await ask("hardhat_setCode", HASHES, HASHES_CODE);
  await ask("hardhat_setCode", LOGS, "0x5f5fa0");
}

async function send(fields: object = {}): Promise<string> {
  const [from] = await ask<string[]>("eth_accounts");
  return ask("eth_sendTransaction", { from, to: LOGS, gas: "0x30d40", ...fields });
}

/** Blocks at the ends of the range and inside, each with the one before it. */
async function expectLinked(first: bigint, last: bigint): Promise<void> {
  for (const number of [first, first + 1n, first + 300n, (first + last) / 2n, last - 1n, last, last + 1n]) {
    const [block, parent] = [await blockAt(number), await blockAt(number - 1n)];
    expect(block.number).toBe(hexOf(number));
    expect(block.parentHash).toBe(parent.hash);
    expect(BigInt(block.timestamp)).toBeGreaterThan(BigInt(parent.timestamp));
    expect(await ask("eth_getBlockByHash", block.hash, false)).toEqual(block);
    const { header } = provider.node.chain.block(hexToBytes(parent.hash)) ?? {};
    if (number > first) expect(BigInt(block.baseFeePerGas)).toBe(header && nextBaseFee(header));
  }
}

describe.each(["paris", "cancun", "prague", "osaka"] as const)("a billion blocks at %s", (hardfork) => {
  test("are there at once, and follow each other", async () => {
    await open({ hardfork });
    await send();
    const before = provider.node.head.number;
    await ask("hardhat_mine", hexOf(BILLION), "0xc");
    const last = before + BILLION;
    expect(await ask("eth_blockNumber")).toBe(hexOf(last));
    await expectLinked(before + 1n, last - 1n);
    const [some, next] = [await blockAt(before + 500n), await blockAt(before + 501n)];
    expect(BigInt(next.timestamp) - BigInt(some.timestamp)).toBe(12n);
    // As all that were mined one by one.
    const { header } = provider.node.head;
    await ask("hardhat_mine", "0x1", "0xc");
    const { header: child } = provider.node.head;
    expect(child.timestamp).toBeGreaterThan(header.timestamp);
    expect(child.baseFeePerGas).toBe(nextBaseFee(header));
  });
});

describe("empty blocks", () => {
  const FIRST = 2n;
  const LAST = 999n;

  /** Block 1 has a log, 1,000 blocks more, and one with a log. */
  async function openWithMany(options: NodeOptions = {}): Promise<void> {
    await open(options);
    await send();
    await ask("hardhat_mine", hexOf(999n));
    await send();
    expect(provider.node.head.number).toBe(1_001n);
  }

  test("have a state, and what nobody has done in them", async () => {
    await openWithMany();
    const [from] = await ask<string[]>("eth_accounts");
    const inside = await blockAt(500n);
    const balance = await ask("eth_getBalance", from, "0x1");
    for (const tag of [hexOf(500n), { blockHash: inside.hash }]) {
      expect(await ask("eth_getBalance", from, tag)).toBe(balance);
      expect(await ask("eth_call", { to: LOGS }, tag)).toBe("0x");
      expect(await ask("eth_getTransactionCount", from, tag)).toBe("0x1");
    }
    expect(await ask("eth_getBlockReceipts", hexOf(500n))).toEqual([]);
    expect(await ask("debug_traceBlockByNumber", hexOf(500n))).toEqual([]);
    expect(await ask("eth_getBlockAccessList", hexOf(500n))).toEqual([]);
    expect(await ask("eth_getBlockTransactionCountByHash", inside.hash)).toBe("0x0");
    await expect(ask("debug_executionWitness", hexOf(500n))).rejects.toMatchObject({ code: -32000 });
    const { stateRoot } = await ask<{ stateRoot: string }>("eth_getBlockByNumber", "0x1", false);
    expect(inside.stateRoot).toBe(stateRoot);
    await expectLinked(FIRST, LAST);
  });

  test("are there for searches, fees and hashes", async () => {
    await openWithMany();
    const logs = await ask<{ blockNumber: string }[]>("eth_getLogs", { fromBlock: "0x0", toBlock: "latest" });
    expect(logs.map(({ blockNumber }) => blockNumber)).toEqual(["0x1", hexOf(1_001n)]);
    const history = await ask<{ baseFeePerGas: string[]; gasUsedRatio: number[] }>(
      "eth_feeHistory",
      hexOf(1_000n),
      "latest",
      [],
    );
    expect(history.gasUsedRatio).toHaveLength(1_000);
    expect(history.baseFeePerGas[499]).toBe((await blockAt(501n)).baseFeePerGas);
    for (const number of [999n, 998n, 900n, 746n]) {
      const { hash } = await blockAt(number);
      expect(await ask("eth_call", { to: HASHES, data: word(number) })).toBe(hash);
    }
    const inside = await ask("eth_call", { to: HASHES, data: word(400n) }, hexOf(500n));
    expect(inside).toBe((await blockAt(400n)).hash);
    expect(await ask("eth_call", { to: HASHES, data: word(1n) }, hexOf(100n))).toBe((await blockAt(1n)).hash);
  });

  test("go with a revert, and come back with another one", async () => {
    await open();
    const outer = await ask("evm_snapshot");
    await send();
    await ask("hardhat_mine", hexOf(1_000_000n));
    const inner = await ask("evm_snapshot");
    const block = await blockAt(777n);
    await ask("hardhat_mine", hexOf(1_000_000n));
    await send();
    expect(await ask("evm_revert", inner)).toBe(true);
    expect(await ask("eth_blockNumber")).toBe(hexOf(1_000_001n));
    expect(await blockAt(777n)).toEqual(block);
    expect(await blockAt(1_000_002n)).toBeNull();
    await expectLinked(2n, 1_000_000n);
    expect(await ask("evm_revert", outer)).toBe(true);
    expect(await ask("eth_blockNumber")).toBe("0x0");
    expect(await blockAt(1n)).toBeNull();
    expect(await ask("eth_getBlockByHash", block.hash, false)).toBeNull();
    await ask("hardhat_mine", hexOf(500n));
    await expectLinked(1n, 499n);
  });

  test("can be gone back into: the chain goes on from one of them, and comes back", async () => {
    await openWithMany();
    const { chain, head } = provider.node;
    const [middle, later] = [await blockAt(500n), await blockAt(501n)];
    await chain.setHead(hexToBytes(middle.hash));
    expect(await ask("eth_blockNumber")).toBe(hexOf(500n));
    expect(await blockAt(501n)).toBeNull();
    await send();
    expect(await ask("eth_blockNumber")).toBe(hexOf(501n));
    expect((await blockAt(501n)).parentHash).toBe(middle.hash);
    expect(await ask("eth_call", { to: HASHES, data: word(450n) })).toBe((await blockAt(450n)).hash);
    await chain.setHead(hexToBytes((await blockAt(100n)).hash));
    expect(await blockAt(300n)).toBeNull();
    await chain.setHead(head.hash);
    expect(await blockAt(501n)).toEqual(later);
    await expectLinked(FIRST, LAST);
  });

  test("come after what waits in the pool, and the last one is one like any other", async () => {
    await open({ mining: { auto: false } });
    const seen: string[] = [];
    provider.node.miner.onMined(({ block }) =>
      seen.push(`${block.number}: ${block.block.transactions.length}`),
    );
    provider.node.miner.onEmptyBlocks(({ first, last }) => seen.push(`${first}-${last.number}`));
    await send();
    // It does not fit into a block, and stays.
    await ask("evm_setBlockGasLimit", hexOf(150_000n));
    await ask("hardhat_mine", hexOf(200n));
    await ask("evm_setBlockGasLimit", hexOf(30_000_000n));
    await ask("hardhat_mine", hexOf(101n));
    await ask("hardhat_mine", hexOf(3n));
    expect(seen).toEqual([
      "1: 0",
      "2-199",
      "200: 0",
      "201: 1",
      "202-300",
      "301: 0",
      "302: 0",
      "303: 0",
      "304: 0",
    ]);
  });

  test("end where a fork begins, and go on with its rules", async () => {
    const genesis = {
      config: {
        chainId: 31_337,
        ...Object.fromEntries(
          ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg"].map(
            (fork) => [`${fork}Block`, 0],
          ),
        ),
        ...{
          istanbulBlock: 0,
          berlinBlock: 0,
          londonBlock: 0,
          mergeNetsplitBlock: 0,
          terminalTotalDifficulty: 0,
        },
        shanghaiTime: 0,
        cancunTime: 10_000,
        blobSchedule: { cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 } },
      },
      difficulty: "0x0",
      gasLimit: "0x1c9c380",
      timestamp: "0x1",
      alloc: {},
    };
    provider = await createNode({ workers: 0, genesis: genesis as never });
    await ask("evm_setNextBlockTimestamp", "0x64");
    await ask("hardhat_mine", hexOf(20_000n), "0x1");
    expect(await ask("eth_blockNumber")).toBe(hexOf(20_000n));
    const numbers = [9_899n, 9_900n, 9_901n, 9_902n, 10_500n];
    const blocks = await Promise.all(numbers.map((number) => blockAt(number)));
    expect(blocks.map((block) => "excessBlobGas" in block)).toEqual([false, false, true, true, true]);
    expect(blocks.map(({ timestamp }) => Number(timestamp))).toEqual([9_998, 9_999, 10_000, 10_001, 10_599]);
    for (const [i, number] of numbers.entries())
      expect(blocks[i]?.parentHash).toBe((await blockAt(number - 1n)).hash);
  });

  test("are kept in a folder", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "braid-empty-"));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    await openWithMany({ dataDir });
    const block = await blockAt(500n);
    const { hash } = provider.node.head;
    await provider.close();
    provider = await createNode({ workers: 0, accounts: 2, dataDir });
    expect(bytesToHex(provider.node.head.hash)).toBe(bytesToHex(hash));
    expect(await blockAt(500n)).toEqual(block);
    await expectLinked(FIRST, LAST);
    expect(await ask("eth_call", { to: HASHES, data: word(900n) })).toBe((await blockAt(900n)).hash);
    await ask("hardhat_mine", hexOf(BILLION));
    await provider.close();
    provider = await createNode({ workers: 1, accounts: 2, dataDir });
    await expectLinked(1_002n, 1_000n + BILLION);
    const number = BILLION + 950n;
    expect(await ask("eth_call", { to: HASHES, data: word(number) })).toBe((await blockAt(number)).hash);
    await send({ to: HASHES, data: word(number) });
    expect(await ask("eth_blockNumber")).toBe(hexOf(BILLION + 1_002n));
  });

  test("are as many as there are numbers and times for", async () => {
    await open();
    const { chain, next } = provider.node;
    const most = { ...next.attributes(), timestamp: 1_900_000_000n };
    await expect(chain.appendEmpty(most, 2n ** 64n, 0n)).rejects.toMatchObject({
      code: "BRAID_TOO_MANY_BLOCKS",
    });
    await expect(ask("hardhat_mine", hexOf(2n ** 64n))).rejects.toMatchObject({ code: -32000 });
    await expect(ask("hardhat_mine", hexOf(2n ** 50n), hexOf(2n ** 20n))).rejects.toMatchObject({
      code: -32000,
    });
    await ask("hardhat_mine", hexOf(0n));
    expect(await ask("eth_blockNumber")).toBe("0x0");
    const cancelled = AbortSignal.abort(new Error("gone"));
    await expect(provider.node.miner.mine(BILLION, 1n, cancelled)).rejects.toThrow("gone");
    expect(await ask("eth_blockNumber")).toBe("0x0");
  });
});
