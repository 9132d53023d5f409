// A market on Braid's node, with viem: deploy it, trade on it, watch the trades, simulate them, and let access lists make them cheaper.

import { createNode } from "@braid/node";
import { RpcServer } from "@braid/rpc";
import {
  type Abi,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  encodeDeployData,
  encodeFunctionData,
  formatEther,
  type Hex,
  parseEther,
  webSocket,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import { Pool, PoolFactory, Router, Token, WrappedEther } from "./contracts.ts";

// A node in this program, behind a port of its own. To use one that runs already (`braid node`), leave out these two lines.
await using node = await createNode();
await using server = await RpcServer.listen({ handler: node.handler, port: 0 });

const transport = webSocket(server.url.replace("http", "ws"));
const chain = { ...hardhat, id: 31_337 };
const account = mnemonicToAccount("test test test test test test test test test test test junk");
const publicClient = createPublicClient({ chain, transport });
const wallet = createWalletClient({ chain, transport, account });
const deadline = 2n ** 63n;

async function deploy(contract: { abi: Abi; bytecode: Hex }, args: unknown[] = []): Promise<Address> {
  const hash = await wallet.sendTransaction({ data: encodeDeployData({ ...contract, args }) });
  const { contractAddress } = await publicClient.waitForTransactionReceipt({ hash });
  if (contractAddress == null) throw new Error("nothing was deployed");
  return contractAddress;
}

/** Waits until it is mined; gives the gas. */
async function mined(hash: Hex): Promise<bigint> {
  const { status, gasUsed } = await publicClient.waitForTransactionReceipt({ hash });
  if (status !== "success") throw new Error(`${hash} has failed`);
  return gasUsed;
}

// Deploy: two tokens, and a pool of them.
const apples = await deploy(Token, ["Apples", "APL"]);
const pears = await deploy(Token, ["Pears", "PRS"]);
const factory = await deploy(PoolFactory);
const router = await deploy(Router, [factory, await deploy(WrappedEther)]);
for (const address of [apples, pears]) {
  const token = { address, abi: Token.abi };
  await mined(
    await wallet.writeContract({
      ...token,
      functionName: "issue",
      args: [[account.address], parseEther("5000")],
    }),
  );
  await mined(
    await wallet.writeContract({ ...token, functionName: "approve", args: [router, parseEther("4000")] }),
  );
}
const amounts = [parseEther("1000"), parseEther("3000")] as const;
await mined(
  await wallet.writeContract({
    address: router,
    abi: Router.abi,
    functionName: "addLiquidity",
    args: [apples, pears, ...amounts, ...amounts, account.address, deadline],
  }),
);
const pool = await publicClient.readContract({
  address: factory,
  abi: PoolFactory.abi,
  functionName: "poolOf",
  args: [apples, pears],
});
console.log(
  `market of 1000 apples and 3000 pears, block ${await publicClient.getBlockNumber({ cacheTime: 0 })}`,
);

// Watch: the node tells of each trade as soon as it is in a block.
const { promise: seen, resolve: tell } = Promise.withResolvers<string>();
const stop = publicClient.watchContractEvent({
  address: pool,
  abi: Pool.abi,
  eventName: "Swapped",
  onLogs: ([log]) => tell(`watched a trade in block ${log?.blockNumber}`),
});
// The subscription is a request of its own, on the same connection.
await publicClient.getChainId();

// Simulate: what would come of it, and of what could not work.
const sell = (amount: bigint, minimum: bigint) =>
  ({
    address: router,
    abi: Router.abi,
    functionName: "swapExactIn",
    args: [amount, minimum, [apples, pears], account.address, deadline],
    account,
  }) as const;
const { result, request } = await publicClient.simulateContract(sell(parseEther("10"), 1n));
console.log(`10 apples would give ${formatEther(result[1] ?? 0n)} pears`);
const error = await publicClient
  .simulateContract(sell(parseEther("10"), parseEther("31")))
  .catch((reason: unknown) => reason);
const reverted =
  error instanceof BaseError && error.walk((one) => one instanceof ContractFunctionRevertedError);
if (reverted instanceof ContractFunctionRevertedError)
  console.log(`31 pears for them are too many: ${reverted.data?.errorName}`);

// Trade.
await mined(await wallet.writeContract(request));
const sold = await publicClient.readContract({
  address: pears,
  abi: Token.abi,
  functionName: "balanceOf",
  args: [account.address],
});
console.log(`10 apples gave ${formatEther(sold - parseEther("2000"))} pears`);
console.log(await seen);
stop();

// Access lists: the node says what a transaction touches, and simulates two trades in a row with and without it.
const call = { account, to: router, data: encodeFunctionData(sell(parseEther("10"), 1n)) };
const { accessList } = await publicClient.createAccessList(call);
const slots = accessList.reduce((sum, { storageKeys }) => sum + storageKeys.length, 0);
console.log(`a trade touches ${accessList.length} contracts and ${slots} slots`);
const [block] = await publicClient.simulateBlocks({
  blocks: [
    {
      calls: [
        { ...call, from: account.address },
        { ...call, from: account.address, accessList },
      ],
    },
  ],
});
const statuses = block?.calls.map(({ status }) => status).join(" and ");
console.log(`two more trades, one with its list: ${statuses}`);
const hash = await wallet.sendTransaction({ ...call, accessList });
await mined(hash);
const { accessList: sent } = await publicClient.getTransaction({ hash });
console.log(`sent with a list of ${sent?.length} contracts`);
(await publicClient.transport.getRpcClient()).close();
