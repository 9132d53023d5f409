// Traps of parallel execution around the block as a whole: block hashes, precompiles, receipts, system calls, withdrawals,
// rewards, and what is told about each transaction.

import { hexToBytes } from "@braid/primitives";
import { Chain, chainOf, receiptsRoot } from "@braid/protocol";
import { MemoryStateSource, type StateChanges } from "@braid/state";
import { runOnce } from "@braid/stock/run-once";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm, word } from "@braid/testing/assembler";
import {
  BEACON_ROOTS,
  BLOCK_HASHES,
  BlockBuilder,
  type BlockOptions,
  ETHER,
  type Fork,
  REQUEST_CONTRACTS,
} from "@braid/testing/block-builder";
import { blobHash } from "@braid/testing/sign";
import { TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { assertAllAgree, outcomeOfBraid, outcomeOfStock, runBraid } from "./testing/agree.ts";

/** About a millisecond: enough for other workers to run ahead. */
const PAUSE = 1_500;
const CONTRACT = plainAddress(1);

function start(fork: Fork, options: BlockOptions = {}): BlockBuilder {
  const block = new BlockBuilder(fork, options);
  block.fund(...Array.from({ length: 8 }, (_, i) => keyed(i)));
  block.contract(CONTRACT, TOOL, { balance: 100n });
  return block;
}

function precompile(number: number): Uint8Array {
  const address = new Uint8Array(20);
  new DataView(address.buffer).setUint16(18, number);
  return address;
}

describe("caches that workers share", () => {
  test.each<Fork>(["chainstart", "byzantium", "cancun", "osaka"])("BLOCKHASH in %s", async (fork) => {
    const block = start(fork);
    for (let i = 0; i < 24; i++) {
      for (const number of [999 - i, 744 + i, 743 - i, 1_000 + i])
        block.send({ from: keyed(i % 8), to: CONTRACT, data: tool.blockHash(number) });
    }
    await assertAllAgree(await block.build());
  });

  test("BLOCKHASH on another branch: the same numbers, other hashes", async () => {
    const block = start("osaka");
    for (let i = 0; i < 8; i++) block.send({ from: keyed(i), to: CONTRACT, data: tool.blockHash(990) });
    const built = await block.build();
    const blockHashes = new Map([[990n, new Uint8Array(32).fill(0xee)]]);
    const branch = {
      ...built,
      blockHashes,
      source: () => MemoryStateSource.fromFlat({ ...built.pre, blockHashes }),
    };
    for (const one of [built, branch, built]) {
      const { result } = await assertAllAgree(one);
      expect(result.receipts[7]?.logs[0]?.data).toEqual(one.blockHashes.get(990n));
    }
  });

  test.each<Fork>(["chainstart", "byzantium", "istanbul", "cancun", "osaka"])(
    "precompiles in %s",
    async (fork) => {
      const block = start(fork);
      const signature = hexToBytes(
        "0x18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c000000000000000000000000000000000000000000000000000000000000001c73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75feeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549",
      );
      const modexp = hexToBytes(`0x${"00".repeat(31)}01${"00".repeat(31)}01${"00".repeat(31)}01030507`);
      const point = hexToBytes(
        `0x${"00".repeat(31)}01${"00".repeat(31)}02${"00".repeat(31)}01${"00".repeat(31)}02`,
      );
      const blake = hexToBytes(
        `0x0000000c${"48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b"}${"61".repeat(128)}${"03"}${"00".repeat(15)}01`,
      );
      for (let round = 0; round < 4; round++) {
        const at = (i: number) => keyed((round + i) % 8);
        block.send({ from: at(0), to: CONTRACT, data: tool.ask(precompile(1), 32, signature) });
        for (const number of [2, 3, 4])
          block.send({ from: at(number), to: CONTRACT, data: tool.ask(precompile(number), 32, word(round)) });
        block.send({ from: at(5), to: CONTRACT, data: tool.ask(precompile(5), 1, modexp) });
        block.send({ from: at(6), to: CONTRACT, data: tool.ask(precompile(6), 64, point) });
        block.send({ from: at(7), to: CONTRACT, data: tool.ask(precompile(7), 64, point) });
        block.send({ from: at(0), to: CONTRACT, data: tool.ask(precompile(8), 32, new Uint8Array(0)) });
        block.send({ from: at(1), to: CONTRACT, data: tool.ask(precompile(9), 64, blake) });
        block.send({ from: at(2), to: CONTRACT, data: tool.ask(precompile(10), 64, word(round)) });
        for (const number of [0x0b, 0x11, 0x100])
          block.send({ from: at(3), to: CONTRACT, data: tool.ask(precompile(number), 32, word(1)) });
        block.send({ from: at(4), to: precompile(2 + round), value: 1, data: word(5) });
      }
      // ethereumjs's STATICCALL is younger than Frontier: there the opcode is invalid, and that has to agree too.
      await assertAllAgree(await block.build());
    },
  );
});

describe("receipts", () => {
  test.each<Fork>([
    "chainstart",
    "homestead",
    "spuriousDragon",
    "byzantium",
    "berlin",
    "london",
    "cancun",
    "osaka",
  ])("in %s all fields are those of the final incarnations", async (fork) => {
    const block = start(fork);
    const type = block.since("london") ? 2 : block.since("berlin") ? 1 : 0;
    for (let i = 0; i < 20; i++) {
      const then = i % 3 === 0 ? tool.increment(1) : i % 3 === 1 ? tool.load(1) : tool.storeIf(1, i, i);
      const accessList: [Uint8Array, Uint8Array[]][] = i % 2 === 0 ? [] : [[CONTRACT, [word(1)]]];
      block.send({
        from: keyed(i % 8),
        to: CONTRACT,
        data: i % 5 === 0 ? tool.slowly(PAUSE, then) : then,
        gasLimit: 300_000,
        ...(i % 4 === 0 || type === 0 ? {} : { type, accessList }),
      });
      if (i % 7 === 0)
        block.send({ from: keyed(i % 8), to: CONTRACT, data: tool.loadAndFail(1), gasLimit: 60_000 });
    }
    const { result } = await assertAllAgree(await block.build(), { repeat: 5 });
    // The root is that of the receipts as they are given, and their gas adds up.
    expect(result.receiptsRoot).toEqual(receiptsRoot(result.receipts));
    const cumulative = result.transactions.map((_, i) =>
      result.transactions.slice(0, i + 1).reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
    );
    expect(result.receipts.map((receipt) => receipt.cumulativeGasUsed)).toEqual(cumulative);
    for (const receipt of result.receipts)
      expect(receipt.stateRoot === undefined).toBe(block.since("byzantium"));
  });

  test("before Byzantium the state root after each transaction is asked for in order, with all changes up to it", async () => {
    const block = start("homestead");
    for (let i = 0; i < 8; i++) block.send({ from: keyed(i), to: plainAddress(50 + i), value: 1 });
    const built = await block.build();
    const sizes: number[] = [];
    const intermediateRoots = (changes: StateChanges): Uint8Array => {
      sizes.push(changes.accountCount);
      return new Uint8Array(32).fill(sizes.length);
    };
    const result = await runBraid(built, 3, { intermediateRoots });
    // The sender, the receiver, and once the miner.
    expect(sizes).toEqual([3, 5, 7, 9, 11, 13, 15, 17]);
    expect(result.receipts.map((receipt) => receipt.stateRoot?.[0])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const { intermediateRoots: _, ...without } = { intermediateRoots };
    expect(
      (await runBraid(built, 1, { ...without, intermediateRoots: undefined })).receiptsRoot,
    ).toBeUndefined();
  });

  test("blobs are counted, priced and burnt", async () => {
    const block = start("cancun", { excessBlobGas: 10_000_000n });
    for (let i = 0; i < 6; i++) {
      block.send({
        from: keyed(i),
        type: 3,
        to: CONTRACT,
        data:
          i === 0
            ? tool.slowly(PAUSE, tool.balance(keyed(1).address))
            : tool.balance(keyed((i + 1) % 8).address),
        blobVersionedHashes: [blobHash(i)],
        gasLimit: 300_000,
      });
    }
    const { result } = await assertAllAgree(await block.build());
    expect(result.blobGasUsed).toBe(6n * 131_072n);
  });
});

describe("the protocol's own calls", () => {
  test("a transaction reads what the prologue wrote, and the epilogue what transactions wrote", async () => {
    const withdrawals = [
      { index: 1n, validatorIndex: 1n, address: keyed(0).address, amount: 5n },
      { index: 2n, validatorIndex: 2n, address: plainAddress(70), amount: 0n },
      { index: 3n, validatorIndex: 3n, address: plainAddress(71), amount: 7n },
      { index: 4n, validatorIndex: 3n, address: plainAddress(71), amount: 7n },
      { index: 5n, validatorIndex: 4n, address: CONTRACT, amount: 1n },
    ];
    const block = start("prague", { withdrawals });
    // Whoever calls it with data sets slot 1; the protocol gets slot 1 as a request, and resets it.
    const [exits, consolidations] = REQUEST_CONTRACTS as [Uint8Array, Uint8Array];
    const system = hexToBytes("0xfffffffffffffffffffffffffffffffffffffffe");
    const queue = asm(
      ...[
        "CALLER",
        system,
        "EQ",
        "@system",
        "JUMPI",
        1,
        "SLOAD",
        0,
        "CALLDATALOAD",
        "ADD",
        1,
        "SSTORE",
        "STOP",
      ],
      ...[":system", 1, "SLOAD", 0, "MSTORE", 0, 1, "SSTORE", 32, 0, "RETURN"],
    );
    block.contract(exits, queue);
    block.contract(consolidations, queue, { storage: [[1, 9]] });
    for (let i = 0; i < 8; i++) {
      block.send({ from: keyed(i), to: BEACON_ROOTS, data: word(1_700_000_000n) });
      block.send({ from: keyed(i), to: BLOCK_HASHES, data: word(999) });
      block.send({ from: keyed(i), to: exits, data: word(i) });
      block.send({ from: keyed(i), to: CONTRACT, data: tool.balance(plainAddress(71)) });
    }
    const { result } = await assertAllAgree(await block.build());
    expect(result.requests?.map((request) => request[32])).toEqual([28, 9]);
  });

  test("deposits are collected from the logs in order (EIP-6110)", async () => {
    const block = start("prague");
    const contract = hexToBytes("0x00000000219ab540356cbb839cbe05303d7705fa");
    const event = hexToBytes("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
    // Logs its call data as a deposit event.
    block.contract(contract, asm("CALLDATASIZE", 0, 0, "CALLDATACOPY", event, "CALLDATASIZE", 0, "LOG1"));
    for (let i = 0; i < 6; i++) {
      const offsets = [160, 256, 320, 384, 512];
      const fields = [48, 32, 8, 96, 8].flatMap((length) => {
        const padded = new Uint8Array(Math.ceil(length / 32) * 32);
        padded.fill(i + 1, 0, length);
        return [word(length), padded];
      });
      const data = Buffer.concat([...offsets.map((offset) => word(offset)), ...fields]);
      block.send({
        from: keyed(i),
        to: i % 2 === 0 ? contract : CONTRACT,
        data: i % 2 === 0 ? data : tool.call(contract, data),
      });
    }
    const { result } = await assertAllAgree(await block.build());
    expect(result.requests?.[0]?.length).toBe(1 + 6 * 192);
  });

  test.each([
    ["has no code", new Uint8Array(0), "BRAID_BLOCK_SYSTEM_CONTRACT_EMPTY"],
    ["fails", asm("INVALID"), "BRAID_BLOCK_SYSTEM_CALL_FAILED"],
    ["reverts", asm(0, 0, "REVERT"), "BRAID_BLOCK_SYSTEM_CALL_FAILED"],
    ["never ends", asm(":again", "@again", "JUMP"), "BRAID_BLOCK_SYSTEM_CALL_FAILED"],
  ])(
    "a request contract that %s makes the block invalid, which stock ethereumjs overlooks",
    async (_what, code, expectedCode) => {
      for (const address of REQUEST_CONTRACTS) {
        const block = start("osaka");
        block.contract(address, code);
        block.send({ from: keyed(0), to: CONTRACT });
        const built = await block.build();
        await expect(runOnce(built)).resolves.toBeDefined();
        for (const mode of ["sequential", "parallel"] as const)
          await expect(runBraid(built, 2, { mode })).rejects.toMatchObject({
            code: expectedCode,
          });
      }
    },
  );

  test("the contracts of EIP-4788 and EIP-2935 may be absent, as on the fork's first block", async () => {
    const block = start("prague", { systemContracts: false });
    for (let i = 0; i < 4; i++) block.send({ from: keyed(i), to: BEACON_ROOTS, data: word(1_700_000_000n) });
    const built = await block.build();
    // Stock writes the slots of contracts that are not there; the state is then that of no other client, the rest agrees.
    const expected = outcomeOfStock(await runOnce(built));
    for (const workers of [1, 2, 3]) {
      const outcome = await outcomeOfBraid(built, await runBraid(built, workers));
      expect({ ...outcome, stateRoot: "" }).toEqual({ ...expected, stateRoot: "" });
      const { stateChanges } = await runBraid(built, workers);
      for (const address of [BEACON_ROOTS, BLOCK_HASHES])
        expect(stateChanges.accounts.has(`0x${Buffer.from(address).toString("hex")}`)).toBe(false);
    }
  });

  test.each<Fork>(["chainstart", "byzantium", "constantinople", "london"])(
    "miner and uncle rewards in %s",
    async (fork) => {
      const coinbase = keyed(0).address;
      const block = start(fork, {
        coinbase,
        uncles: [
          { number: 999n, coinbase: plainAddress(80) },
          { number: 995n, coinbase },
        ],
      });
      for (let i = 0; i < 8; i++) block.send({ from: keyed(i), to: CONTRACT, data: tool.balance(coinbase) });
      await assertAllAgree(await block.build());
    },
  );

  test("the DAO's ether moves before the first transaction of block 1,920,000", async () => {
    const dao = hexToBytes("0x304a554a310c7e546dfe434669c62820b7d83490");
    const refund = hexToBytes("0xbf4ed7b27f1d666546e30d74d50d173d20bca754");
    for (const number of [1_919_999n, 1_920_000n, 1_920_001n]) {
      const block = start("homestead", { number, extraData: new TextEncoder().encode("dao-hard-fork") });
      block.account(dao, { balance: 1_000n * ETHER });
      for (let i = 0; i < 4; i++) {
        block.send({ from: keyed(i), to: CONTRACT, data: tool.balance(dao) });
        block.send({ from: keyed(i), to: CONTRACT, data: tool.balance(refund) });
      }
      await assertAllAgree(await block.build());
    }
  });
});

describe("what is told about transactions", () => {
  test("reads and writes are those of the final incarnations only", async () => {
    const block = start("osaka");
    const target = block.contract(plainAddress(5), TOOL, {
      storage: [
        [0, 1],
        [1, 100],
        [2, 200],
      ],
    });
    // Until the slow one is through, the others read slot 0 as 1 and write slot 1; in the end none does.
    block.send({ from: keyed(0), to: target, data: tool.slowly(PAUSE, tool.store(0, 0)), gasLimit: 500_000 });
    for (let i = 1; i < 8; i++) block.send({ from: keyed(i), to: target, data: tool.storeIf(0, 1, i) });
    const { result, reexecutions } = await assertAllAgree(await block.build(), { repeat: 10 });
    expect(reexecutions).toBeGreaterThan(0);
    for (const { reads, writes } of result.transactions.slice(1)) {
      const slots = (list: { field: string; slot?: string }[]) =>
        list.filter(({ field }) => field === "storage").map(({ slot }) => Number(slot));
      expect(slots(reads)).toEqual([0]);
      expect(slots(writes)).toEqual([]);
    }
  });

  test("progress only grows, and ends with the number of transactions", async () => {
    const block = start("osaka");
    for (let i = 0; i < 100; i++)
      block.send({
        from: keyed(i % 8),
        to: CONTRACT,
        data: tool.slowly(PAUSE, tool.increment(i)),
        gasLimit: 500_000,
      });
    const seen: number[] = [];
    await runBraid(await block.build(), 2, { onProgress: ({ committed }) => seen.push(committed) });
    expect(seen.at(-1)).toBe(100);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });
});

test("two chains of the same name and id whose forks differ keep apart", async () => {
  // London without EIP-3529: refunds are larger.
  const mainnet = chainOf("mainnet");
  const other = new Chain({ ...mainnet.spec, eips: { london: [1559, 3198, 3541] } });
  const gas: bigint[] = [];
  for (const chain of [mainnet, other, mainnet]) {
    const block = start("london", { chain });
    const target = block.contract(plainAddress(5), TOOL, { storage: [[1, 1]] });
    block.send({ from: keyed(0), to: target, data: tool.store(1, 0) });
    gas.push((await assertAllAgree(await block.build())).result.gasUsed);
  }
  expect(gas[0]).toBe(gas[2]);
  expect(gas[0]).not.toBe(gas[1]);
});
