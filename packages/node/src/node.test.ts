// The node without its RPC: pool, mining, time, snapshots, states changed by hand. What viem signs is what is sent.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENGINE_NAMES } from "@braid/executor";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import type { StoredState } from "@braid/state";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_MNEMONIC } from "./accounts/dev-accounts.ts";
import { encodeSignature, hashMessage, impersonate, signHash, signTransaction } from "./accounts/signing.ts";
import { openNode } from "./create-node.ts";
import type { Node } from "./node.ts";
import type { NodeOptions } from "./options.ts";

const GWEI = 10n ** 9n;
const ETHER = 10n ** 18n;
const SINK = new Uint8Array(20).fill(0x77);
const account = mnemonicToAccount(DEFAULT_MNEMONIC);
const second = mnemonicToAccount(DEFAULT_MNEMONIC, { addressIndex: 1 });
const sender = hexToBytes(account.address);

const open: Node[] = [];
afterEach(async () => {
  for (const node of open.splice(0)) await node.close();
});

async function start(options: NodeOptions = {}): Promise<Node> {
  const node = await openNode({ workers: 0, accounts: 3, ...options });
  open.push(node);
  return node;
}

test.each(ENGINE_NAMES)("a node on the engine %s runs its blocks and calls there", async (engine) => {
  const node = await start({ engine });
  expect([node.executor.engine, node.again.engine]).toEqual([engine, engine]);
  await node.send(await transfer());
  expect(node.head.header.number).toBe(1n);
});

test("an engine that does not exist is refused", async () => {
  await expect(openNode({ workers: 0, engine: "geth" })).rejects.toMatchObject({
    code: "BRAID_ENGINE_UNKNOWN",
  });
});

interface Transfer {
  nonce?: number;
  value?: bigint;
  fee?: bigint;
  tip?: bigint;
  gas?: bigint;
  by?: typeof account;
  chainId?: number;
  to?: `0x${string}`;
}

async function transfer(change: Transfer = {}): Promise<Uint8Array> {
  const {
    nonce = 0,
    value = 1n,
    fee = 3n * GWEI,
    tip = GWEI,
    gas = 21_000n,
    by = account,
    chainId = 31_337,
  } = change;
  const to = change.to ?? bytesToHex(SINK);
  return hexToBytes(
    await by.signTransaction({
      type: "eip1559",
      chainId,
      nonce,
      to,
      value,
      gas,
      maxFeePerGas: fee,
      maxPriorityFeePerGas: tip,
    }),
  );
}

/** All of the chain is kept here: its states answer at once. */
const stateOf = (node: Node): StoredState => node.state as StoredState;

const balanceOf = (node: Node, address: Uint8Array): bigint =>
  stateOf(node).getAccount(address)?.balance ?? 0n;

describe("accounts", () => {
  test("are those that viem derives, and sign what viem signs", async () => {
    const node = await start();
    const { privateKey } = node.accounts.get(bytesToHex(sender)) ?? { privateKey: new Uint8Array(0) };
    expect([...node.accounts.keys()]).toEqual(
      [0, 1, 2].map((addressIndex) =>
        mnemonicToAccount(DEFAULT_MNEMONIC, { addressIndex }).address.toLowerCase(),
      ),
    );
    expect(balanceOf(node, sender)).toBe(10_000n * ETHER);
    const signer = privateKeyToAccount(bytesToHex(privateKey));
    expect(signer.address).toBe(account.address);
    const message = new TextEncoder().encode("hello");
    expect(bytesToHex(encodeSignature(signHash(hashMessage(message), privateKey)))).toBe(
      await signer.signMessage({ message: "hello" }),
    );
    const ours = signTransaction(
      {
        type: 2,
        chainId: 31_337n,
        nonce: 0n,
        gasLimit: 21_000n,
        to: SINK,
        value: 1n,
        data: new Uint8Array(0),
        maxFeePerGas: 3n * GWEI,
        maxPriorityFeePerGas: GWEI,
        accessList: [],
        maxFeePerBlobGas: 0n,
        blobVersionedHashes: [],
        authorizations: [],
      },
      privateKey,
    );
    expect(bytesToHex(ours)).toBe(bytesToHex(await transfer()));
  });

  test("a mnemonic with a wrong word is refused", async () => {
    await expect(openNode({ mnemonic: "test test test" })).rejects.toMatchObject({ code: "BRAID_MNEMONIC" });
    await expect(openNode({ derivationPath: "m/44'/60" })).rejects.toMatchObject({ code: "BRAID_MNEMONIC" });
  });
});

describe("mining", () => {
  test("automatically: a block for each transaction, a failing one among them", async () => {
    const node = await start();
    const { hash } = await node.send(await transfer({ value: ETHER }));
    expect(node.head.number).toBe(1n);
    expect(node.chain.transaction(hash)).toMatchObject({ blockNumber: 1n, index: 0 });
    expect(balanceOf(node, SINK)).toBe(ETHER);
    // A call of the beacon roots contract that it does not accept.
    const failing = await node.send(
      await transfer({
        nonce: 1,
        gas: 100_000n,
        value: 0n,
        to: "0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
      }),
    );
    expect(node.chain.receipts(node.head.hash)?.receipts[0]?.status).toBe(0);
    expect(node.chain.transaction(failing.hash)).toBeDefined();
    expect(node.pool.size).toBe(0);
  });

  test("by hand: the best paying first, a sender's own in their order, and what does not fit stays", async () => {
    const node = await start({ mining: { auto: false }, gasLimit: 70_000n });
    await node.send(await transfer({ nonce: 0, tip: GWEI }));
    await node.send(await transfer({ nonce: 1, tip: 2n * GWEI, fee: 4n * GWEI }));
    await node.send(await transfer({ by: second, tip: GWEI + 1n }));
    await node.send(await transfer({ by: second, nonce: 1, tip: 1n }));
    expect(node.head.number).toBe(0n);
    const [mined] = await node.miner.mine();
    const from = node.chain.receipts(node.head.hash)?.senders.map(bytesToHex);
    const [a, b] = [account.address.toLowerCase(), second.address.toLowerCase()];
    expect(from).toEqual([b, a, a]);
    expect(mined?.dropped).toEqual([]);
    expect(node.pool.size).toBe(1);
    await node.miner.mine(3n, 100n);
    expect([node.head.number, node.pool.size]).toEqual([4n, 0]);
    const timestamps = [2n, 3n, 4n].map((number) => node.chain.blockAt(number)?.header.timestamp ?? 0n);
    expect([
      (timestamps[1] ?? 0n) - (timestamps[0] ?? 0n),
      (timestamps[2] ?? 0n) - (timestamps[1] ?? 0n),
    ]).toEqual([100n, 100n]);
  });

  test("by time", async () => {
    const node = await start({ mining: { interval: 20 } });
    const sent = await node.send(await transfer());
    await expect
      .poll(() => node.chain.transaction(sent.hash)?.blockNumber, { timeout: 10_000 })
      .toBeDefined();
    node.miner.setInterval(0);
    const { number } = node.head;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(node.head.number - number).toBeLessThanOrEqual(1n);
  });

  test("a transaction that its block cannot have goes, with the reason, and the others are mined", async () => {
    const node = await start({ mining: { auto: false } });
    // Whoever calls the second account makes it give all it has away.
    const code = hexToBytes(`0x5f5f5f5f4773${bytesToHex(SINK).slice(2)}5af100`);
    await node.editState([{ address: hexToBytes(second.address), code }]);
    await node.send(await transfer({ to: second.address, gas: 100_000n, tip: 2n * GWEI, fee: 5n * GWEI }));
    const broke = await node.send(await transfer({ by: second, value: ETHER }));
    await node.send(await transfer({ nonce: 1 }));
    const [mined] = await node.miner.mine();
    expect(mined?.dropped.map(({ transaction, reason }) => [transaction, reason.code])).toEqual([
      [broke, "BRAID_TX_INSUFFICIENT_FUNDS"],
    ]);
    expect(node.head.block.transactions).toHaveLength(2);
    expect(node.pool.size).toBe(0);
  });

  test("PREVRANDAO, coinbase, base fee and gas limit of the next blocks can be chosen", async () => {
    const node = await start();
    const randao = new Uint8Array(32).fill(9);
    node.next.setPrevRandao(randao);
    node.next.setBaseFee(77n);
    node.next.setCoinbase(SINK);
    node.next.setGasLimit(1_000_000n);
    await node.miner.mine();
    expect(node.head.header).toMatchObject({
      mixHash: randao,
      baseFeePerGas: 77n,
      coinbase: SINK,
      gasLimit: 1_000_000n,
    });
    await node.miner.mine();
    const { mixHash, coinbase, gasLimit, baseFeePerGas } = node.head.header;
    expect([mixHash, baseFeePerGas]).not.toEqual([randao, 77n]);
    expect([coinbase, gasLimit]).toEqual([SINK, 1_000_000n]);
  });
});

describe("the pool", () => {
  const cases: [name: string, change: Transfer, code: string][] = [
    ["a nonce that is used", { nonce: 0 }, "BRAID_TX_NONCE_TOO_LOW"],
    ["more than the sender has", { nonce: 1, value: 10_000n * ETHER }, "BRAID_TX_INSUFFICIENT_FUNDS"],
    ["too little gas", { nonce: 1, gas: 20_999n }, "BRAID_TX_INTRINSIC_GAS_TOO_LOW"],
    ["more gas than a block has", { nonce: 1, gas: 16_777_217n }, "BRAID_TX_GAS_LIMIT_EXCEEDS_CAP"],
    ["another chain", { nonce: 1, chainId: 1 }, "BRAID_TX_WRONG_CHAIN_ID"],
  ];
  test.each(cases)("refuses %s", async (_name, change, code) => {
    const node = await start();
    await node.send(await transfer());
    await expect(node.send(await transfer(change))).rejects.toMatchObject({ code });
    await expect(node.send(new Uint8Array([2, 1]))).rejects.toMatchObject({ code: "BRAID_TX_MALFORMED" });
    expect(node.pool.size).toBe(0);
  });

  test("keeps what waits for a nonce, and mines it with the one that it waited for", async () => {
    const node = await start();
    const later = await node.send(await transfer({ nonce: 2 }));
    await node.send(await transfer({ nonce: 1 }));
    expect(node.head.number).toBe(0n);
    expect(node.pool.content(node.next.poolView())).toMatchObject({ pending: [], queued: [{}, {}] });
    await node.send(await transfer({ nonce: 0 }));
    expect(node.pool.size).toBe(0);
    expect(node.chain.transaction(later.hash)?.index).toBe(2);
  });

  test("replaces what pays 10% more, and nothing else", async () => {
    const node = await start({ mining: { auto: false } });
    const first = await node.send(await transfer({ fee: 100n * GWEI, tip: 100n }));
    await expect(node.send(await transfer({ fee: 100n * GWEI, tip: 100n }))).rejects.toMatchObject({
      code: "BRAID_POOL_ALREADY_KNOWN",
    });
    for (const change of [
      { fee: 110n * GWEI, tip: 109n },
      { fee: 110n * GWEI - 1n, tip: 110n },
    ])
      await expect(node.send(await transfer(change))).rejects.toMatchObject({
        code: "BRAID_POOL_REPLACEMENT_UNDERPRICED",
      });
    const better = await node.send(await transfer({ fee: 110n * GWEI, tip: 110n }));
    expect([node.pool.get(first.hash), node.pool.get(better.hash)]).toEqual([undefined, better]);
    // All of a sender's together must be covered.
    await node.send(await transfer({ nonce: 1, value: 6_000n * ETHER }));
    await expect(node.send(await transfer({ nonce: 2, value: 6_000n * ETHER }))).rejects.toMatchObject({
      code: "BRAID_TX_INSUFFICIENT_FUNDS",
    });
  });

  test("has limits: the cheapest goes when it is full, and one sender's queue ends", async () => {
    const node = await start({ mining: { auto: false }, pool: { transactions: 3, queuedPerSender: 1 } });
    await node.send(await transfer({ nonce: 5 }));
    await expect(node.send(await transfer({ nonce: 7 }))).rejects.toMatchObject({
      code: "BRAID_POOL_ACCOUNT_LIMIT",
    });
    const cheap = await node.send(await transfer({ nonce: 0, tip: 1n }));
    await node.send(await transfer({ nonce: 1 }));
    await expect(node.send(await transfer({ by: second, tip: 1n }))).rejects.toMatchObject({
      code: "BRAID_POOL_UNDERPRICED",
    });
    await node.send(await transfer({ by: second, tip: 2n }));
    expect([node.pool.size, node.pool.get(cheap.hash)]).toEqual([3, undefined]);
  });
});

describe("time", () => {
  test("moves forward, stands where it was put, and goes on from there", async () => {
    const node = await start();
    const before = node.head.header.timestamp;
    node.next.clock.increase(1_000n);
    await node.miner.mine();
    expect(node.head.header.timestamp).toBeGreaterThanOrEqual(before + 1_000n);
    node.next.setTimestamp(before + 5_000n);
    await node.miner.mine();
    expect(node.head.header.timestamp).toBe(before + 5_000n);
    await node.miner.mine();
    expect(node.head.header.timestamp - before).toBeLessThan(5_100n);
    expect(() => node.next.setTimestamp(before)).toThrow(
      expect.objectContaining({ code: "BRAID_TIMESTAMP" }),
    );
    node.next.clock.interval = 12n;
    const { timestamp } = node.head.header;
    await node.miner.mine(2n);
    expect(node.head.header.timestamp).toBe(timestamp + 24n);
  });
});

describe("snapshots", () => {
  test("nest, bring everything back, and are used once", async () => {
    const node = await start({ mining: { auto: false } });
    await node.send(await transfer({ nonce: 0 }));
    const outer = await node.snapshot();
    await node.miner.mine();
    await node.editState([{ address: SINK, balance: 5n }]);
    const inner = await node.snapshot();
    node.next.clock.increase(10_000n);
    await node.send(await transfer({ nonce: 1 }));
    await node.miner.mine();
    expect(balanceOf(node, SINK)).toBe(6n);
    expect(await node.revert(inner)).toBe(true);
    expect([node.head.number, balanceOf(node, SINK), node.pool.size]).toEqual([1n, 5n, 0]);
    expect(node.next.clock.offset).toBeLessThan(100n);
    expect(await node.revert(outer)).toBe(true);
    expect([node.head.number, balanceOf(node, SINK), node.pool.size]).toEqual([0n, 0n, 1]);
    expect(await node.revert(inner)).toBe(false);
    expect(await node.revert(outer)).toBe(false);
    await node.miner.mine();
    expect(balanceOf(node, SINK)).toBe(1n);
  });

  test("a thousand of them, and back to the first", async () => {
    const node = await start();
    const first = await node.snapshot();
    for (let i = 0; i < 1_000; i++) {
      await node.snapshot();
      if (i % 100 === 0) await node.miner.mine();
    }
    expect(node.head.number).toBe(10n);
    expect(await node.revert(first)).toBe(true);
    expect(node.head.number).toBe(0n);
  });
});

describe("states changed by hand", () => {
  test("are what the next block and calls see", async () => {
    const node = await start();
    const slot = new Uint8Array(32).fill(3);
    const code = hexToBytes("0x60005460005260206000f3");
    await node.editState([{ address: SINK, balance: 9n, nonce: 4n, code, storage: [[slot, 8n]] }]);
    const found = stateOf(node).getAccount(SINK);
    expect(found).toMatchObject({ balance: 9n, nonce: 4n, hasStorage: true });
    expect(node.state.getStorage(SINK, slot)).toBe(8n);
    expect(node.state.getCode(found?.codeHash ?? slot)).toEqual(code);
    await node.miner.mine();
    expect(node.state.getAccount(SINK)).toEqual(found);
    await node.editState([
      { address: SINK, balance: 0n, nonce: 0n, code: new Uint8Array(0), storage: [[slot, 0n]] },
    ]);
    // Its storage is not known to be empty: it stays, with nothing in it.
    expect(stateOf(node).getAccount(SINK)?.balance ?? 0n).toBe(0n);
    await node.editState([{ address: new Uint8Array(20).fill(5), balance: 0n }]);
    expect(node.state.getAccount(new Uint8Array(20).fill(5))).toBeUndefined();
  });

  test("a contract can be impersonated", async () => {
    const node = await start();
    await node.editState([{ address: SINK, balance: ETHER, code: hexToBytes("0x00") }]);
    expect(node.isImpersonated(SINK)).toBe(false);
    node.impersonate(SINK);
    expect(node.isImpersonated(SINK)).toBe(true);
    const raw = impersonate(
      {
        type: 2,
        chainId: 31_337n,
        nonce: 0n,
        gasLimit: 21_000n,
        to: sender,
        value: 1n,
        data: new Uint8Array(0),
        maxFeePerGas: 3n * GWEI,
        maxPriorityFeePerGas: 0n,
        accessList: [],
        maxFeePerBlobGas: 0n,
        blobVersionedHashes: [],
        authorizations: [],
      },
      SINK,
    );
    await node.send(raw, SINK);
    expect(node.chain.receipts(node.head.hash)?.senders).toEqual([SINK]);
    expect(balanceOf(node, sender)).toBe(10_000n * ETHER + 1n);
    expect(node.stopImpersonating(SINK)).toBe(true);
  });
});

test("the pending block is what would be mined, with the state after it, and nothing is kept of it", async () => {
  const node = await start({ mining: { auto: false } });
  await node.send(await transfer({ value: 5n }));
  const { built, state } = await node.miner.pending();
  expect(built.block.transactions).toHaveLength(1);
  expect(await state.getAccount(SINK)).toMatchObject({ balance: 5n });
  expect(await state.getAccount(sender)).toMatchObject({ nonce: 1n });
  expect([node.head.number, balanceOf(node, SINK)]).toEqual([0n, 0n]);
});

test("a chain on disk goes on where it was", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "braid-node-"));
  try {
    const node = await openNode({ workers: 0, accounts: 1, dataDir });
    await node.send(await transfer({ value: 3n }));
    const { hash } = node.head;
    await node.close();
    const again = await openNode({ workers: 0, accounts: 1, dataDir });
    expect([again.head.hash, balanceOf(again, SINK)]).toEqual([hash, 3n]);
    await again.close();
  } finally {
    await rm(dataDir, { recursive: true });
  }
});
