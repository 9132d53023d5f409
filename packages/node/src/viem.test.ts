// The node as viem sees it: in the same process, over HTTP and over WebSocket.

import { type RpcListenError, RpcServer } from "@braid/rpc";
import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createTestClient,
  createWalletClient,
  custom,
  encodeFunctionData,
  type Hex,
  http,
  parseAbi,
  parseEther,
  publicActions,
  type Transport,
  toEventSelector,
  toFunctionSelector,
  walletActions,
  webSocket,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import { afterEach, describe, expect, test } from "vitest";
import { DEFAULT_MNEMONIC } from "./accounts/dev-accounts.ts";
import type { NodeOptions } from "./options.ts";
import { type BraidProvider, createNode } from "./provider.ts";

const abi = parseAbi([
  "function count() view returns (uint256)",
  "function increment()",
  "function nope()",
  "event Incremented(uint256 count)",
  "error Nope(uint256 code)",
]);

const selector = (signature: string): string => toFunctionSelector(signature).slice(2);

/** count() and increment(), which leaves an event; anything else fails with Nope(42). */
const runtime = [
  "5f3560e01c",
  `8063${selector("count()")}14602b57`,
  `63${selector("increment()")}14603457`,
  `63${selector("Nope(uint256)")}60e01b5f52602a60045260245ffd`,
  "5b5f545f5260205ff3",
  `5b5f54600101805f555f527f${toEventSelector("Incremented(uint256)").slice(2)}60205fa100`,
].join("");
const bytecode: Hex = `0x60658060095f395ff3${runtime}`;

const account = mnemonicToAccount(DEFAULT_MNEMONIC);
const other: Address = "0x00000000000000000000000000000000000000aa";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: NodeOptions = {}): Promise<BraidProvider> {
  const provider = await createNode({ workers: 0, accounts: 2, ...options });
  closing.push(() => provider.close());
  return provider;
}

async function listen(provider: BraidProvider): Promise<RpcServer> {
  const server = await RpcServer.listen({ handler: provider.handler, port: 0 });
  closing.push(() => server.close());
  return server;
}

const TRANSPORTS: Record<string, (provider: BraidProvider) => Promise<Transport>> = {
  "in process": async (provider) => custom(provider),
  "over HTTP": async (provider) => http((await listen(provider)).url),
  "over WebSocket": async (provider) => {
    return webSocket((await listen(provider)).url.replace("http", "ws"));
  },
};

function clientOf(transport: Transport) {
  return createTestClient({ chain: hardhat, mode: "hardhat", transport, account, pollingInterval: 20 })
    .extend(publicActions)
    .extend(walletActions);
}

describe.each(Object.keys(TRANSPORTS))("viem %s", (name) => {
  async function connect(options: NodeOptions = {}) {
    const transport = TRANSPORTS[name] as (typeof TRANSPORTS)[string];
    const client = clientOf(await transport(await start(options)));
    closing.push(async () => {
      if ("getRpcClient" in client.transport) (await client.transport.getRpcClient()).close();
    });
    return client;
  }

  async function deploy(client: Awaited<ReturnType<typeof connect>>): Promise<Address> {
    const hash = await client.deployContract({ abi, bytecode });
    const receipt = await client.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe("success");
    return receipt.contractAddress as Address;
  }

  test("deploys, writes, waits, reads, and finds events", async () => {
    const client = await connect();
    const address = await deploy(client);
    const { request } = await client.simulateContract({ address, abi, functionName: "increment" });
    const hash = await client.writeContract(request);
    const receipt = await client.waitForTransactionReceipt({ hash });
    expect(receipt).toMatchObject({
      status: "success",
      blockNumber: 2n,
      from: account.address.toLowerCase(),
    });
    expect(await client.readContract({ address, abi, functionName: "count" })).toBe(1n);
    const events = await client.getContractEvents({ address, abi, eventName: "Incremented", fromBlock: 0n });
    expect(events.map(({ args, blockNumber }) => [args.count, blockNumber])).toEqual([[1n, 2n]]);
    expect(await client.getBlock({ includeTransactions: true })).toMatchObject({
      number: 2n,
      transactions: [{ hash }],
    });
    expect(await client.getTransaction({ hash })).toMatchObject({
      blockNumber: 2n,
      to: address,
      type: "eip1559",
    });
    expect(await client.getStorageAt({ address, slot: "0x0" })).toMatch(/01$/);
    // As it was.
    expect(await client.readContract({ address, abi, functionName: "count", blockNumber: 1n })).toBe(0n);
  });

  test("polls filters and watches events and blocks", async () => {
    const client = await connect();
    const address = await deploy(client);
    const filter = await client.createContractEventFilter({ address, abi, eventName: "Incremented" });
    const counts: (bigint | undefined)[] = [];
    const blocks: bigint[] = [];
    const stop = [
      client.watchContractEvent({
        address,
        abi,
        eventName: "Incremented",
        onLogs: (logs) => counts.push(...logs.map(({ args }) => args.count)),
      }),
      client.watchBlockNumber({ onBlockNumber: (number) => blocks.push(number) }),
    ];
    // Watching begins with a request of its own.
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let i = 0; i < 3; i++) {
      const hash = await client.writeContract({ address, abi, functionName: "increment" });
      await client.waitForTransactionReceipt({ hash });
    }
    const polled = await client.getFilterChanges({ filter });
    expect(polled.map(({ args }) => args.count)).toEqual([1n, 2n, 3n]);
    // Without bounds it is the newest block that is asked for.
    const newest = await client.getFilterLogs({ filter });
    expect(newest.map(({ args }) => args.count)).toEqual([3n]);
    await expect.poll(() => counts, { timeout: 5_000 }).toEqual([1n, 2n, 3n]);
    await expect.poll(() => blocks.at(-1), { timeout: 5_000 }).toBe(4n);
    for (const end of stop) end();
    expect(await client.uninstallFilter({ filter })).toBe(true);
    await expect(client.getFilterChanges({ filter })).rejects.toThrow("filter not found");
  });

  test("knows why a call fails", async () => {
    const client = await connect();
    const address = await deploy(client);
    const error = await client
      .simulateContract({ address, abi, functionName: "nope" })
      .catch((reason: unknown) => reason);
    const revert =
      error instanceof BaseError
        ? error.walk((one) => one instanceof ContractFunctionRevertedError)
        : undefined;
    expect(revert).toMatchObject({ data: { errorName: "Nope", args: [42n] } });
    const poor = createWalletClient({
      chain: hardhat,
      transport: custom(client),
      account: mnemonicToAccount(DEFAULT_MNEMONIC, { addressIndex: 7 }),
    });
    await expect(poor.sendTransaction({ to: other, value: 1n, gas: 21_000n })).rejects.toThrow(
      /insufficient funds|exceeds the balance/,
    );
    await expect(client.sendTransaction({ to: other, nonce: 0, gas: 21_000n })).rejects.toThrow(/[Nn]once/);
  });

  test("controls time, blocks, accounts and snapshots", async () => {
    const client = await connect({ mining: { auto: false } });
    const id = await client.snapshot();
    await client.setBalance({ address: other, value: parseEther("3") });
    await client.setNonce({ address: other, nonce: 9 });
    await client.setCode({ address: other, bytecode: "0x60015f5260205ff3" });
    await client.setStorageAt({ address: other, index: 1, value: `0x${"5".padStart(64, "0")}` });
    expect(await client.getBalance({ address: other })).toBe(parseEther("3"));
    expect(await client.getTransactionCount({ address: other })).toBe(9);
    expect(await client.getCode({ address: other })).toBe("0x60015f5260205ff3");
    expect(await client.getStorageAt({ address: other, slot: "0x1" })).toMatch(/05$/);
    expect((await client.call({ to: other })).data).toMatch(/01$/);
    const { timestamp } = await client.getBlock();
    await client.setNextBlockTimestamp({ timestamp: timestamp + 100n });
    await client.mine({ blocks: 3, interval: 10 });
    expect(await client.getBlock()).toMatchObject({ number: 3n, timestamp: timestamp + 120n });
    await client.increaseTime({ seconds: 1_000 });
    await client.mine({ blocks: 1 });
    expect((await client.getBlock()).timestamp).toBeGreaterThanOrEqual(timestamp + 1_100n);
    await client.impersonateAccount({ address: other });
    const hash = await client.sendTransaction({ account: other, to: account.address, value: 1n });
    expect(await client.getTransactionCount({ address: other, blockTag: "pending" })).toBe(10);
    expect(await client.getBlock({ blockTag: "pending" })).toMatchObject({ transactions: [hash] });
    expect(await client.getTxpoolStatus()).toEqual({ pending: 1, queued: 0 });
    await client.dropTransaction({ hash });
    expect(await client.getTxpoolStatus()).toEqual({ pending: 0, queued: 0 });
    await client.revert({ id });
    expect(await client.getBalance({ address: other })).toBe(0n);
    expect(await client.getBlockNumber({ cacheTime: 0 })).toBe(0n);
    await client.setAutomine(true);
    expect(await client.getAutomine()).toBe(true);
  });

  test("answers what wallets ask for", async () => {
    const client = await connect();
    expect(await client.getChainId()).toBe(31_337);
    const fees = await client.estimateFeesPerGas();
    expect(fees.maxFeePerGas).toBeGreaterThan(0n);
    const history = await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [10, 50] });
    expect(history.baseFeePerGas).toHaveLength(2);
    const address = await deploy(client);
    const input = encodeFunctionData({ abi, functionName: "increment" });
    const gas = await client.estimateGas({ account, to: address, data: input });
    const { accessList } = await client.createAccessList({ account, to: address, data: input });
    expect(accessList).toEqual([{ address, storageKeys: [`0x${"0".repeat(64)}`] }]);
    for (const type of ["legacy", "eip2930", "eip1559"] as const) {
      const more = type === "eip2930" ? { accessList } : {};
      const hash = await client.sendTransaction({
        to: address,
        data: input,
        type,
        gas: gas + 10_000n,
        ...more,
      } as Parameters<typeof client.sendTransaction>[0]);
      expect(await client.waitForTransactionReceipt({ hash })).toMatchObject({ status: "success", type });
    }
    const authorization = await client.signAuthorization({
      account,
      contractAddress: address,
      executor: "self",
    });
    const hash = await client.sendTransaction({
      to: account.address,
      authorizationList: [authorization],
      gas: 100_000n,
    });
    expect(await client.waitForTransactionReceipt({ hash })).toMatchObject({ type: "eip7702" });
    expect(await client.getCode({ address: account.address })).toBe(`0xef0100${address.slice(2)}`);
    const proof = await client.getProof({ address, storageKeys: [`0x${"0".repeat(64)}`] });
    expect(proof.storageProof[0]?.value).toBe(3n);
    expect(await client.getBlobBaseFee()).toBe(1n);
    expect(await client.signMessage({ account: account.address, message: "hello" })).toBe(
      await account.signMessage({ message: "hello" }),
    );
    const data = {
      domain: { name: "Braid", chainId: 31_337, verifyingContract: address },
      types: {
        Order: [
          { name: "amounts", type: "uint256[]" },
          { name: "to", type: "Party" },
        ],
        Party: [
          { name: "who", type: "address" },
          { name: "note", type: "bytes" },
        ],
      },
      primaryType: "Order",
      message: { amounts: [1n, 2n ** 200n], to: { who: other, note: "0x0102" } },
    } as const;
    expect(await client.signTypedData({ ...data, account: account.address })).toBe(
      await account.signTypedData(data),
    );
  });
});

test("a port that is taken is told", async () => {
  const provider = await start();
  const server = await listen(provider);
  const port = Number(new URL(server.url).port);
  await expect(RpcServer.listen({ handler: provider.handler, port })).rejects.toMatchObject({
    code: "BRAID_RPC_LISTEN" satisfies RpcListenError["code"],
  });
});
