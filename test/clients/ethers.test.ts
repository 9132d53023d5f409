// What people do with ethers, as npm has it: in the same process, over HTTP, over WebSocket.

import { type BraidProvider, DEFAULT_MNEMONIC, type NodeOptions } from "@braid/node";
import { compiledContract } from "@braid/workloads";
import {
  AbiCoder,
  type BaseContract,
  BrowserProvider,
  Contract,
  ContractFactory,
  type ContractTransactionResponse,
  getAddress,
  HDNodeWallet,
  isCallException,
  isError,
  type JsonRpcApiProvider,
  JsonRpcProvider,
  type Log,
  NonceManager,
  parseEther,
  parseUnits,
  Transaction,
  type TransactionReceipt,
  type TransactionRequest,
  type TransactionResponse,
  WebSocketProvider,
  ZeroAddress,
} from "ethers";
import { describe, expect, onTestFinished, test } from "vitest";
import { blobProofs, listen, startNode, TRANSPORTS, type TransportName } from "./serve.ts";

const { creationCode } = compiledContract("Token");
const ABI = [
  "constructor(string name, string symbol)",
  "function name() view returns (string)",
  "function balanceOf(address) view returns (uint256)",
  "function issue(address[] holders, uint256 value)",
  "function transfer(address to, uint256 value) returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "error OnlyIssuer()",
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
];
const STRANGER = getAddress("0x00000000000000000000000000000000000000aa");
const HARDLY_ANY_MS = 10;

/** What ethers makes of the ABI's functions. */
type Token = BaseContract &
  Record<"issue" | "transfer", Contract["transfer"] & Write> &
  Record<"balanceOf" | "name", Contract["balanceOf"] & Read>;
type Write = (...args: unknown[]) => Promise<ContractTransactionResponse>;
type Read = (...args: unknown[]) => Promise<unknown>;

const walletOf = (index: number): HDNodeWallet =>
  HDNodeWallet.fromPhrase(DEFAULT_MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`);

async function providerOf(name: TransportName, node: BraidProvider): Promise<JsonRpcApiProvider> {
  const options = { cacheTimeout: -1, pollingInterval: HARDLY_ANY_MS };
  if (name === "in process") return new BrowserProvider(node, undefined, options);
  const urls = await listen(node);
  return name === "over HTTP"
    ? new JsonRpcProvider(urls.http, undefined, options)
    : new WebSocketProvider(urls.webSocket, undefined, options);
}

describe.each(TRANSPORTS)("ethers %s", (name) => {
  async function connect(options: NodeOptions = {}) {
    const provider = await providerOf(name, await startNode(options));
    onTestFinished(() => {
      // Destroying it would be an error as long as the end of a subscription has no answer.
      if (provider instanceof WebSocketProvider) provider.websocket.close();
      else provider.destroy();
    });
    const [alice, bob, carol] = [0, 1, 2].map((index) => walletOf(index).connect(provider)) as [
      HDNodeWallet,
      HDNodeWallet,
      HDNodeWallet,
    ];
    return { provider, alice, bob, carol };
  }

  async function deploy(owner: HDNodeWallet): Promise<Token> {
    const contract = await new ContractFactory(ABI, creationCode, owner).deploy("Braided", "BRD");
    return (await contract.waitForDeployment()) as Token;
  }

  async function done(sent: Promise<TransactionResponse>): Promise<TransactionReceipt> {
    const receipt = await (await sent).wait();
    if (receipt === null) throw new Error("no receipt");
    return receipt;
  }

  const caught = (action: Promise<unknown>): Promise<unknown> =>
    action.then(
      () => new Error("it was to fail"),
      (error: unknown) => error,
    );

  test("deploys, calls statically, writes, waits for confirmations, reads old states", async () => {
    const { provider, alice, bob } = await connect();
    const token = await deploy(alice);
    await done(token.issue([alice.address], 100n));
    expect(await token.transfer.staticCall(bob.address, 30n)).toBe(true);
    expect(await token.balanceOf(bob.address)).toBe(0n);
    const sent = await token.transfer(bob.address, 30n);
    const waiting = sent.wait(3);
    await provider.send("hardhat_mine", ["0x2"]);
    const receipt = await waiting;
    expect([receipt?.status, receipt?.blockNumber, await receipt?.confirmations()]).toEqual([1, 3, 3]);
    expect(await token.balanceOf(bob.address)).toBe(30n);
    expect(await token.balanceOf(bob.address, { blockTag: 2 })).toBe(0n);
    expect(await token.name()).toBe("Braided");
    const block = await provider.getBlock(3, true);
    expect(block?.prefetchedTransactions.map(({ hash }) => hash)).toEqual([sent.hash]);
    expect(await provider.getTransaction(sent.hash)).toMatchObject({ blockNumber: 3, from: alice.address });
    expect(await provider.getCode(await token.getAddress())).toMatch(/^0x6/);
    const signer = await provider.getSigner(1);
    const receiptOfNode = await done(signer.sendTransaction({ to: STRANGER, value: 4n }));
    expect([receiptOfNode.from, await provider.getBalance(STRANGER)]).toEqual([bob.address, 4n]);
    expect(await provider.getNetwork()).toMatchObject({ chainId: 31_337n });
    expect((await provider.getFeeData()).maxFeePerGas).toBeGreaterThan(0n);
  });

  test("queries events by what is indexed, and listens to them", async () => {
    const { provider, alice, bob, carol } = await connect();
    const token = await deploy(alice);
    const [values, heads, pending, logs]: [bigint[], number[], string[], Log[]] = [[], [], [], []];
    const toBob = token.filters.Transfer?.(null, bob.address) ?? [];
    await token.on(toBob, ({ args }) => values.push(args.value));
    await provider.on("block", (number) => heads.push(number));
    await provider.on("pending", (hash) => pending.push(hash));
    await provider.on({ address: await token.getAddress() }, (log) => logs.push(log));
    // Listening begins with requests of its own.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const sent: string[] = [];
    for (const [to, value] of [
      [bob.address, 1n],
      [carol.address, 2n],
      [bob.address, 3n],
    ] as const)
      sent.push((await done(token.issue([to], value))).hash);
    await expect.poll(() => values, { timeout: 5_000 }).toEqual([1n, 3n]);
    await expect.poll(() => heads.at(-1), { timeout: 5_000 }).toBe(4);
    await expect.poll(() => pending, { timeout: 5_000 }).toEqual(sent);
    await expect
      .poll(() => logs.map(({ blockNumber }) => blockNumber), { timeout: 5_000 })
      .toEqual([2, 3, 4]);
    await token.removeAllListeners();
    await provider.removeAllListeners();
    const found = await token.queryFilter(toBob, 0, "latest");
    expect(found.map(({ blockNumber, transactionHash }) => [blockNumber, transactionHash])).toEqual([
      [2, sent[0]],
      [4, sent[2]],
    ]);
    const { blockHash } = found[0] as Log;
    expect(await provider.getLogs({ blockHash })).toHaveLength(1);
    expect(await provider.getLogs({ fromBlock: 2, toBlock: 3 })).toHaveLength(2);
    const [first] = found;
    expect(first !== undefined && "args" in first && first.args.toArray()).toEqual([
      ZeroAddress,
      bob.address,
      1n,
    ]);
  });

  test("tells custom errors of calls, estimates and transactions", async () => {
    const { provider, alice, bob } = await connect();
    const token = await deploy(alice);
    /** The custom error: calls of contracts have it decoded, estimates and transactions its data. */
    const reason = async (action: Promise<unknown>): Promise<unknown[]> => {
      const error = await caught(action);
      if (!isCallException(error)) throw error;
      const { name = "", args = [] } = token.interface.parseError(error.data ?? "0x") ?? {};
      return [name, ...args];
    };
    const expected = ["ERC20InsufficientBalance", alice.address, 0n, 5n];
    expect(await caught(token.transfer.staticCall(bob.address, 5n))).toMatchObject({
      revert: { name: expected[0], args: expected.slice(1) },
    });
    expect(await reason(token.transfer.staticCall(bob.address, 5n))).toEqual(expected);
    expect(await reason(token.transfer.estimateGas(bob.address, 5n))).toEqual(expected);
    expect(await reason(token.transfer(bob.address, 5n))).toEqual(expected);
    const foreign = token.connect(bob) as Token;
    expect(await reason(foreign.issue([bob.address], 1n))).toEqual(["OnlyIssuer"]);
    // With gas of one's own nothing is estimated: it is mined, and has failed.
    const sent = await token.transfer(bob.address, 5n, { gasLimit: 100_000n });
    const error = await caught(sent.wait());
    expect(isCallException(error) && error.receipt).toMatchObject({ status: 0, hash: sent.hash });
    expect(await provider.getTransactionReceipt(sent.hash)).toMatchObject({ status: 0, logs: [] });
    expect(isError(await caught(provider.send("eth_nonsense", [])), "UNSUPPORTED_OPERATION")).toBe(true);
    const poor = HDNodeWallet.fromPhrase(DEFAULT_MNEMONIC, undefined, "m/44'/60'/0'/0/77").connect(provider);
    const refused = await caught(poor.sendTransaction({ to: STRANGER, value: 1n, gasLimit: 21_000n }));
    expect(isError(refused, "INSUFFICIENT_FUNDS")).toBe(true);
    const late = await caught(alice.sendTransaction({ to: STRANGER, nonce: 0, gasLimit: 21_000n }));
    expect(isError(late, "NONCE_EXPIRED")).toBe(true);
  });

  test("asks many things at once", async () => {
    const { provider, alice } = await connect();
    const token = await deploy(alice);
    const holders = Array.from({ length: 150 }, (_, i) => `0x${(i + 1_000).toString(16).padStart(40, "0")}`);
    await done(token.issue(holders, 3n));
    // ethers puts what is asked at the same time into batches.
    const balances = await Promise.all(holders.map((holder) => token.balanceOf(holder)));
    expect(balances).toEqual(holders.map(() => 3n));
    const [number, network, missing] = await Promise.all([
      provider.getBlockNumber(),
      provider.getNetwork(),
      caught(token.transfer.staticCall(ZeroAddress, 1n)),
    ]);
    expect([number, network.chainId, isCallException(missing)]).toEqual([2, 31_337n, true]);
  });

  test("sends every kind of transaction", async () => {
    const { provider, alice, bob } = await connect();
    const token = await deploy(alice);
    await done(token.issue([alice.address], 100n));
    const to = await token.getAddress();
    const data = token.interface.encodeFunctionData("transfer", [bob.address, 1n]);
    const { accessList } = await provider.send("eth_createAccessList", [{ from: alice.address, to, data }]);
    const price = parseUnits("20", "gwei");
    const fees = { maxFeePerGas: price, maxPriorityFeePerGas: parseUnits("1", "gwei") };
    const requests: TransactionRequest[] = [
      { type: 0, gasPrice: price },
      { type: 1, gasPrice: price, accessList },
      { type: 2, ...fees },
      { type: 2, ...fees, accessList },
    ];
    for (const request of requests) {
      const receipt = await done(alice.sendTransaction({ ...request, to, data }));
      expect(receipt).toMatchObject({ status: 1, type: request.type, to });
      expect(await provider.getTransaction(receipt.hash)).toMatchObject({ type: request.type, data });
    }
    expect(await token.balanceOf(bob.address)).toBe(4n);
  });

  test("sends blobs, with proofs as before Osaka and with those of cells", async () => {
    const { provider, alice } = await connect();
    const blob = new Uint8Array(131_072);
    blob[1] = 7;
    const request = { type: 3, to: STRANGER, value: 1n, maxFeePerBlobGas: parseUnits("1", "gwei") };
    const receipt = await done(alice.sendTransaction({ ...request, kzg: blobProofs, blobs: [blob] }));
    expect(receipt).toMatchObject({ status: 1, type: 3, blobGasUsed: 131_072n, blobGasPrice: 1n });
    const commitment = blobProofs.blobToKzgCommitment(blob);
    const proof = blobProofs.cellProofs(blob);
    const cells = await done(
      alice.sendTransaction({
        ...request,
        blobWrapperVersion: 1,
        blobs: [{ data: blob, commitment, proof }],
      }),
    );
    expect(cells).toMatchObject({ status: 1, type: 3, blobGasUsed: 131_072n });
    const { blobVersionedHashes } = (await provider.getTransaction(cells.hash)) as TransactionResponse;
    expect(blobVersionedHashes).toEqual([expect.stringMatching(/^0x01/)]);
    const wrong = {
      ...request,
      blobWrapperVersion: 1,
      blobs: [{ data: blob, commitment, proof: proof.map((b, i) => (i < 48 ? (proof[i + 48] ?? 0) : b)) }],
    };
    expect(await caught(alice.sendTransaction(wrong))).toMatchObject({
      error: { message: expect.stringContaining("invalid blob proof") },
    });
  });

  test("delegates accounts to code", async () => {
    const { provider, alice, bob } = await connect();
    const walletCode = compiledContract("BatchWallet").creationCode;
    const wallet = await (await new ContractFactory([], walletCode, alice).deploy()).waitForDeployment();
    const target = await wallet.getAddress();
    const authorization = await bob.authorize({ address: target });
    const sent = await done(
      alice.sendTransaction({ type: 4, to: bob.address, authorizationList: [authorization] }),
    );
    expect(sent).toMatchObject({ status: 1, type: 4 });
    expect(await provider.getCode(bob.address)).toBe(`0xef0100${target.slice(2).toLowerCase()}`);
    const batch = ["function execute((address to, uint256 value, bytes data)[] calls)"];
    const self = new Contract(bob.address, batch, bob);
    await done(self.getFunction("execute")([{ to: STRANGER, value: 12n, data: "0x" }]));
    expect(await provider.getBalance(STRANGER)).toBe(12n);
    const { authorizationList } = (await provider.getTransaction(sent.hash)) as TransactionResponse;
    expect(authorizationList?.map(({ address, nonce }) => [address, nonce])).toEqual([[target, 0n]]);
  });

  test("keeps the order of many transactions that are sent at once", async () => {
    const { provider, alice } = await connect();
    const manager = new NonceManager(alice);
    const count = 30;
    const sent = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        manager.sendTransaction({ to: STRANGER, value: BigInt(i) + 1n }),
      ),
    );
    const receipts = await Promise.all(sent.map((one) => one.wait()));
    expect(receipts.map((receipt) => receipt?.status)).toEqual(sent.map(() => 1));
    expect(sent.map(({ nonce }) => nonce)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(await provider.getBalance(STRANGER)).toBe(BigInt((count * (count + 1)) / 2));
  });

  test("knows what became of a transaction that another one replaced", async () => {
    const { provider, alice, bob } = await connect({ mining: { auto: false } });
    const fees = (gwei: number) => ({
      maxFeePerGas: parseUnits(String(gwei), "gwei"),
      maxPriorityFeePerGas: parseUnits("2", "gwei"),
    });
    for (const [nonce, reason, replacement] of [
      [0, "cancelled", { to: alice.address, value: 0n, data: "0x" }],
      [1, "repriced", { to: STRANGER, value: 5n }],
      [2, "replaced", { to: bob.address, value: 6n }],
    ] as const) {
      const request = { to: STRANGER, value: 5n, nonce, gasLimit: 21_000n };
      const first = await alice.sendTransaction({ ...request, ...fees(10) });
      const waiting = caught(first.wait());
      // It has to have looked at what it waits for.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const cheap = await caught(alice.sendTransaction({ ...request, ...replacement, ...fees(10.5) }));
      expect(isError(cheap, "REPLACEMENT_UNDERPRICED")).toBe(true);
      const dear = { ...fees(20), maxPriorityFeePerGas: parseUnits("4", "gwei") };
      const second = await alice.sendTransaction({ ...request, ...replacement, ...dear });
      let isTold = false;
      void waiting.then(() => {
        isTold = true;
      });
      // ethers looks again with each block; on a busy machine it may begin to look after the first one.
      const mine = async (): Promise<boolean> => {
        await provider.send("evm_mine", []);
        return isTold;
      };
      await expect.poll(mine, { timeout: 30_000, interval: 200 }).toBe(true);
      expect(await waiting).toMatchObject({
        code: "TRANSACTION_REPLACED",
        reason,
        cancelled: reason !== "repriced",
        replacement: { hash: second.hash },
      });
    }
    expect(await provider.getBalance(STRANGER)).toBe(5n);
  });

  test("sees what is pending", async () => {
    const { provider, alice } = await connect({ mining: { auto: false } });
    const sent = await alice.sendTransaction({ to: STRANGER, value: parseEther("1") });
    expect(await provider.getBalance(STRANGER)).toBe(0n);
    expect(await provider.getBalance(STRANGER, "pending")).toBe(parseEther("1"));
    expect(await alice.getNonce()).toBe(0);
    expect(await alice.getNonce("pending")).toBe(1);
    expect(await provider.getTransaction(sent.hash)).toMatchObject({ blockNumber: null, hash: sent.hash });
    const raw = await provider.send("eth_getRawTransactionByHash", [sent.hash]);
    expect(Transaction.from(raw).hash).toBe(sent.hash);
    expect((await provider.getBlock("pending"))?.transactions).toEqual([sent.hash]);
    const decoded = AbiCoder.defaultAbiCoder().decode(["uint256"], await provider.getStorage(STRANGER, 0));
    expect(decoded.toArray()).toEqual([0n]);
  });
});
