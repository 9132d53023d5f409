// What people do with viem, as npm has it: in the same process, over HTTP, over WebSocket.

import { type BraidProvider, DEFAULT_MNEMONIC, type NodeOptions } from "@braid/node";
import { compiledContract } from "@braid/workloads";
import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createTestClient,
  custom,
  encodeFunctionData,
  getAddress,
  type Hex,
  http,
  parseAbi,
  parseEther,
  parseGwei,
  publicActions,
  type ReplacementReturnType,
  type Transport,
  toBlobs,
  walletActions,
  webSocket,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import { createNonceManager, jsonRpc } from "viem/nonce";
import { describe, expect, onTestFinished, test } from "vitest";
import { blobProofs, listen, startNode, TRANSPORTS, type TransportName } from "./serve.ts";

const abi = parseAbi([
  "constructor(string name, string symbol)",
  "function name() view returns (string)",
  "function balanceOf(address) view returns (uint256)",
  "function totalSupply() view returns (uint256)",
  "function issue(address[] holders, uint256 value)",
  "function transfer(address to, uint256 value) returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "error OnlyIssuer()",
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
]);
const bytecode: Hex = compiledContract("Token").creationCode;

const [alice, bob, carol] = [0, 1, 2].map((addressIndex) =>
  mnemonicToAccount(DEFAULT_MNEMONIC, { addressIndex }),
) as [Account, Account, Account];
type Account = ReturnType<typeof mnemonicToAccount>;
const STRANGER: Address = "0x00000000000000000000000000000000000000aa";

async function transportOf(name: TransportName, provider: BraidProvider, batch: boolean): Promise<Transport> {
  if (name === "in process") return custom(provider);
  const urls = await listen(provider);
  return name === "over HTTP" ? http(urls.http, { batch }) : webSocket(urls.webSocket);
}

describe.each(TRANSPORTS)("viem %s", (name) => {
  async function connect(options: NodeOptions = {}, { batch = false } = {}) {
    const transport = await transportOf(name, await startNode(options), batch);
    const client = createTestClient({
      chain: hardhat,
      mode: "hardhat",
      transport,
      account: alice,
      pollingInterval: 10,
      cacheTime: 0,
    })
      .extend(publicActions)
      .extend(walletActions);
    onTestFinished(async () => {
      if ("getRpcClient" in client.transport) (await client.transport.getRpcClient()).close();
    });
    return client;
  }
  type Client = Awaited<ReturnType<typeof connect>>;

  async function deploy(client: Client): Promise<Address> {
    const hash = await client.deployContract({ abi, bytecode, args: ["Braided", "BRD"] });
    const { contractAddress, status } = await client.waitForTransactionReceipt({ hash });
    expect(status).toBe("success");
    return contractAddress as Address;
  }

  async function issue(client: Client, address: Address, holders: Address[], value: bigint) {
    const hash = await client.writeContract({ address, abi, functionName: "issue", args: [holders, value] });
    return client.waitForTransactionReceipt({ hash });
  }

  const balance = (client: Client, address: Address, of: Address) =>
    client.readContract({ address, abi, functionName: "balanceOf", args: [of] });

  test("deploys, simulates, writes, waits for confirmations, reads old states", async () => {
    const client = await connect();
    const address = await deploy(client);
    await issue(client, address, [alice.address], 100n);
    const { request, result } = await client.simulateContract({
      address,
      abi,
      functionName: "transfer",
      args: [bob.address, 30n],
    });
    expect(result).toBe(true);
    // Nothing has happened yet.
    expect(await balance(client, address, bob.address)).toBe(0n);
    const hash = await client.writeContract(request);
    const waiting = client.waitForTransactionReceipt({ hash, confirmations: 3 });
    await client.mine({ blocks: 2 });
    expect(await waiting).toMatchObject({ status: "success", blockNumber: 3n, transactionIndex: 0 });
    expect(await client.getTransactionConfirmations({ hash })).toBe(3n);
    expect(await balance(client, address, alice.address)).toBe(70n);
    expect(await balance(client, address, bob.address)).toBe(30n);
    const before = { address, abi, functionName: "balanceOf", args: [bob.address], blockNumber: 2n } as const;
    expect(await client.readContract(before)).toBe(0n);
    expect(await client.readContract({ address, abi, functionName: "name" })).toBe("Braided");
  });

  test("filters events by what is indexed, and watches them come", async () => {
    const client = await connect();
    const address = await deploy(client);
    const filter = await client.createContractEventFilter({
      address,
      abi,
      eventName: "Transfer",
      args: { to: bob.address },
    });
    const blockFilter = await client.createBlockFilter();
    const [seen, heads, pending]: [bigint[], bigint[], Hex[]] = [[], [], []];
    const stop = [
      client.watchContractEvent({
        address,
        abi,
        eventName: "Transfer",
        args: { to: [bob.address, carol.address] },
        onLogs: (logs) => seen.push(...logs.map(({ args }) => args.value as bigint)),
      }),
      client.watchBlocks({ onBlock: ({ number }) => heads.push(number) }),
      client.watchPendingTransactions({ onTransactions: (hashes) => pending.push(...hashes) }),
    ];
    // Watching begins with a request of its own.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const sent: Hex[] = [];
    for (const [to, value] of [
      [bob.address, 1n],
      [carol.address, 2n],
      [STRANGER, 3n],
      [bob.address, 4n],
    ] as const)
      sent.push((await issue(client, address, [to], value)).transactionHash);
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual([1n, 2n, 4n]);
    await expect.poll(() => heads.at(-1), { timeout: 5_000 }).toBe(5n);
    await expect.poll(() => pending, { timeout: 5_000 }).toEqual(sent);
    for (const end of stop) end();
    const polled = await client.getFilterChanges({ filter });
    expect(polled.map(({ args }) => args)).toEqual(
      [1n, 4n].map((value) => ({ from: `0x${"0".repeat(40)}`, to: bob.address, value })),
    );
    expect(await client.getFilterChanges({ filter: blockFilter })).toHaveLength(4);
    expect(await client.getFilterChanges({ filter })).toEqual([]);
    const all = await client.getContractEvents({ address, abi, eventName: "Transfer", fromBlock: 2n });
    expect(all.map(({ args, blockNumber, logIndex }) => [args.value, blockNumber, logIndex])).toEqual(
      [1n, 2n, 3n, 4n].map((value) => [value, value + 1n, 0]),
    );
    const range = { address, fromBlock: 3n, toBlock: 4n } as const;
    expect(await client.getLogs(range)).toHaveLength(2);
    expect(await client.getLogs({ ...range, event: abi[6], args: { to: STRANGER } })).toHaveLength(1);
    const { hash: blockHash } = await client.getBlock({ blockNumber: 5n });
    expect(await client.getLogs({ blockHash })).toHaveLength(1);
  });

  test("tells custom errors of calls, estimates and transactions", async () => {
    const client = await connect();
    const address = await deploy(client);
    const tooMuch = { address, abi, functionName: "transfer", args: [bob.address, 5n] } as const;
    const reverted = async (action: Promise<unknown>): Promise<unknown> => {
      const error = await action.catch((reason: unknown) => reason);
      if (!(error instanceof BaseError)) throw error;
      return error.walk((one) => one instanceof ContractFunctionRevertedError);
    };
    const expected = {
      data: { errorName: "ERC20InsufficientBalance", args: [alice.address, 0n, 5n] },
    };
    expect(await reverted(client.simulateContract(tooMuch))).toMatchObject(expected);
    expect(await reverted(client.estimateContractGas(tooMuch))).toMatchObject(expected);
    expect(await reverted(client.writeContract(tooMuch))).toMatchObject(expected);
    const foreign = { address, abi, functionName: "issue", args: [[bob.address], 1n] } as const;
    expect(await reverted(client.simulateContract({ ...foreign, account: bob }))).toMatchObject({
      data: { errorName: "OnlyIssuer" },
    });
    // With gas of one's own nothing is simulated: it is mined, and has failed.
    const hash = await client.writeContract({ ...tooMuch, gas: 100_000n });
    expect(await client.waitForTransactionReceipt({ hash })).toMatchObject({ status: "reverted", logs: [] });
    const { input, blockNumber } = await client.getTransaction({ hash });
    await expect(
      client.call({ to: address, data: input, account: alice, blockNumber: (blockNumber ?? 0n) - 1n }),
    ).rejects.toThrow("reverted");
  });

  test("reads many things at once: multicall, batches, calls of several blocks", async () => {
    const client = await connect({}, { batch: true });
    const address = await deploy(client);
    await issue(client, address, [alice.address, bob.address], 7n);
    const contract = { address, abi } as const;
    const answers = await client.multicall({
      deployless: true,
      contracts: [
        { ...contract, functionName: "balanceOf", args: [alice.address] },
        { ...contract, functionName: "name" },
        { ...contract, functionName: "issue", args: [[bob.address], 1n] },
        { ...contract, functionName: "totalSupply" },
      ],
    });
    expect(answers.map(({ status, result }) => [status, result])).toEqual([
      ["success", 7n],
      ["success", "Braided"],
      ["failure", undefined],
      ["success", 14n],
    ]);
    const holders = [alice.address, bob.address, STRANGER];
    expect(await Promise.all(holders.map((of) => balance(client, address, of)))).toEqual([7n, 7n, 0n]);
    const transfer = (to: Address, value: bigint) =>
      ({ ...contract, to: address, functionName: "transfer", args: [to, value] }) as const;
    const [first, second] = await client.simulateBlocks({
      blocks: [
        { calls: [{ account: alice.address, ...transfer(carol.address, 5n) }] },
        {
          stateOverrides: [{ address: STRANGER, balance: parseEther("1") }],
          calls: [
            { account: alice.address, ...transfer(carol.address, 5n) },
            { account: carol.address, ...transfer(bob.address, 5n) },
            { account: STRANGER, to: bob.address, value: 1n },
          ],
        },
      ],
    });
    expect(first?.calls.map(({ status }) => status)).toEqual(["success"]);
    expect(second?.calls.map(({ status }) => status)).toEqual(["failure", "success", "success"]);
    expect(second?.calls[0]?.error).toBeInstanceOf(Error);
    expect(second?.number).toBe(4n);
    const { results, assetChanges } = await client.simulateCalls({
      account: alice.address,
      calls: [transfer(carol.address, 3n)],
    });
    expect(results[0]).toMatchObject({ status: "success", result: true });
    expect(assetChanges).toEqual([]);
    expect(await client.readContract({ ...contract, functionName: "balanceOf", args: [carol.address] })).toBe(
      0n,
    );
  });

  test("sends every kind of transaction", async () => {
    const client = await connect();
    const address = await deploy(client);
    await issue(client, address, [alice.address], 100n);
    const data = encodeFunctionData({ abi, functionName: "transfer", args: [bob.address, 1n] });
    const { accessList } = await client.createAccessList({ account: alice, to: address, data });
    expect(accessList.map((entry) => entry.address)).toEqual([address]);
    expect(accessList[0]?.storageKeys).toHaveLength(2);
    const fee = { maxFeePerGas: parseGwei("20"), maxPriorityFeePerGas: parseGwei("1") };
    const call = { to: address, data };
    const requests: [string, Parameters<Client["sendTransaction"]>[0]][] = [
      ["legacy", { ...call, type: "legacy", gasPrice: parseGwei("20") }],
      ["eip2930", { ...call, type: "eip2930", gasPrice: parseGwei("20"), accessList }],
      ["eip1559", { ...call, ...fee }],
      ["eip1559", { ...call, ...fee, accessList }],
    ];
    for (const [type, request] of requests) {
      const hash = await client.sendTransaction(request);
      const receipt = await client.waitForTransactionReceipt({ hash });
      expect(receipt).toMatchObject({ status: "success", type, to: address.toLowerCase() });
      expect(await client.getTransaction({ hash })).toMatchObject({ type, input: data });
    }
    expect(await balance(client, address, bob.address)).toBe(4n);
  });

  test("sends blobs", async () => {
    const client = await connect();
    const blobs = toBlobs({ data: "0x123456" });
    const hash = await client.sendTransaction({
      blobs,
      kzg: blobProofs,
      to: STRANGER,
      maxFeePerBlobGas: parseGwei("1"),
    });
    const receipt = await client.waitForTransactionReceipt({ hash });
    expect(receipt).toMatchObject({
      status: "success",
      type: "eip4844",
      blobGasUsed: 131_072n,
      blobGasPrice: 1n,
    });
    const { blobVersionedHashes } = await client.getTransaction({ hash });
    expect(blobVersionedHashes?.map((one) => one.slice(0, 4))).toEqual(["0x01"]);
    expect(await client.getBlock()).toMatchObject({ blobGasUsed: 131_072n });
  });

  test("delegates accounts to code", async () => {
    const client = await connect();
    const hashOfWallet = await client.deployContract({
      abi: [],
      bytecode: compiledContract("BatchWallet").creationCode,
    });
    const { contractAddress } = await client.waitForTransactionReceipt({ hash: hashOfWallet });
    const wallet = contractAddress as Address;
    const authorization = await client.signAuthorization({ account: bob, contractAddress: wallet });
    const data = encodeFunctionData({
      abi: parseAbi(["function execute((address to, uint256 value, bytes data)[] calls)"]),
      args: [[{ to: STRANGER, value: 12n, data: "0x" }]],
    });
    // Somebody else pays for it; it runs in bob's name afterwards.
    const sent = await client.sendTransaction({ to: bob.address, authorizationList: [authorization] });
    expect(await client.waitForTransactionReceipt({ hash: sent })).toMatchObject({
      type: "eip7702",
      status: "success",
    });
    expect(await client.getCode({ address: bob.address })).toBe(`0xef0100${wallet.slice(2)}`);
    expect(await client.getDelegation({ address: bob.address })).toBe(getAddress(wallet));
    const hash = await client.sendTransaction({ account: bob, to: bob.address, data });
    expect(await client.waitForTransactionReceipt({ hash })).toMatchObject({ status: "success" });
    expect(await client.getBalance({ address: STRANGER })).toBe(12n);
  });

  test("keeps the order of many transactions that are sent at once", async () => {
    const client = await connect();
    // One of its own: it remembers what it has given to another chain of the same id.
    const nonceManager = createNonceManager({ source: jsonRpc() });
    const account = mnemonicToAccount(DEFAULT_MNEMONIC, { nonceManager });
    const count = 30;
    const hashes = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        client.sendTransaction({ account, to: STRANGER, value: BigInt(i) + 1n }),
      ),
    );
    const receipts = await Promise.all(hashes.map((hash) => client.waitForTransactionReceipt({ hash })));
    expect(receipts.every(({ status }) => status === "success")).toBe(true);
    const nonces = await Promise.all(
      hashes.map(async (hash) => (await client.getTransaction({ hash })).nonce),
    );
    expect(nonces.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(await client.getBalance({ address: STRANGER })).toBe(BigInt((count * (count + 1)) / 2));
    expect(await client.getTransactionCount({ address: account.address })).toBe(count);
  });

  test("gives one nonce to one transaction only", async () => {
    const client = await connect();
    const race = await Promise.allSettled(
      [1n, 2n, 3n].map((value) => client.sendTransaction({ to: STRANGER, value, nonce: 0, gas: 21_000n })),
    );
    expect(race.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of race)
      if (one.status === "rejected") expect(String(one.reason)).toMatch(/nonce|underpriced/i);
    expect(await client.getTransactionCount({ address: alice.address })).toBe(1);
    // A gap waits until it is filled.
    const last = await client.sendTransaction({ to: STRANGER, value: 1n, nonce: 2, gas: 21_000n });
    expect(await client.getBlockNumber()).toBe(1n);
    await client.sendTransaction({ to: STRANGER, value: 1n, nonce: 1, gas: 21_000n });
    expect(await client.waitForTransactionReceipt({ hash: last })).toMatchObject({ status: "success" });
  });

  test.each([
    ["cancelled", { to: alice.address, value: 0n }],
    ["repriced", { to: STRANGER, value: 5n }],
    ["replaced", { to: bob.address, value: 6n }],
  ] as const)("knows that a transaction was %s", async (reason, replacement) => {
    const client = await connect({ mining: { auto: false } });
    const fees = (gwei: string) => ({ maxFeePerGas: parseGwei(gwei), maxPriorityFeePerGas: parseGwei("2") });
    const request = { to: STRANGER, value: 5n, nonce: 0, gas: 21_000n, ...fees("10") } as const;
    const hash = await client.sendTransaction(request);
    const seen: ReplacementReturnType[] = [];
    const waiting = client.waitForTransactionReceipt({ hash, onReplaced: (one) => seen.push(one) });
    // It has to have looked at what it waits for.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const cheap = { ...request, ...replacement, ...fees("10.5") };
    await expect(client.sendTransaction(cheap)).rejects.toThrow(/underpriced/);
    const dear = { ...cheap, maxFeePerGas: parseGwei("20"), maxPriorityFeePerGas: parseGwei("4") };
    const next = await client.sendTransaction(dear);
    await client.mine({ blocks: 1 });
    expect(await waiting).toMatchObject({ transactionHash: next, status: "success" });
    expect(seen.map((one) => [one.reason, one.replacedTransaction.hash, one.transaction.hash])).toEqual([
      [reason, hash, next],
    ]);
    await expect(client.getTransaction({ hash })).rejects.toThrow(/could not be found/);
  });
});
