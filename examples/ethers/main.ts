// A market on Braid's node, with ethers: deploy it, trade on it, watch the trades, simulate them, and send one with its access list.

import { createNode } from "@braid/node";
import { RpcServer } from "@braid/rpc";
import {
  Contract,
  ContractFactory,
  type EventLog,
  formatEther,
  isCallException,
  JsonRpcProvider,
  MaxUint256,
  NonceManager,
  parseEther,
  WebSocketProvider,
} from "ethers";
import amm from "../../packages/workloads/compiled/amm.json" with { type: "json" };
import tokens from "../../packages/workloads/compiled/token.json" with { type: "json" };

// A node in this program, behind a port of its own. To use one that runs already (`braid node`), leave out these two lines.
await using node = await createNode();
await using server = await RpcServer.listen({ handler: node.handler, port: 0 });

const provider = new JsonRpcProvider(server.url, undefined, { cacheTimeout: -1, pollingInterval: 50 });
// The node signs for its own accounts; NonceManager counts their transactions, so that many can be sent at once.
const signer = new NonceManager(await provider.getSigner(0));
const owner = await signer.getAddress();

interface Compiled {
  abi: object[];
  creationCode: string;
}

async function deploy({ abi, creationCode }: Compiled, ...args: unknown[]): Promise<Contract> {
  const contract = await new ContractFactory(abi, creationCode, signer).deploy(...args);
  await contract.waitForDeployment();
  return new Contract(await contract.getAddress(), abi, signer);
}

// Deploy: two tokens, and a pool of them.
const apples = await deploy(tokens.Token, "Apples", "APL");
const pears = await deploy(tokens.Token, "Pears", "PRS");
const factory = await deploy(amm.PoolFactory);
const router = await deploy(amm.Router, factory, await deploy(tokens.WrappedEther));
for (const token of [apples, pears]) {
  await (await token.getFunction("issue")([owner], parseEther("5000"))).wait();
  await (await token.getFunction("approve")(router, parseEther("4000"))).wait();
}
const amounts = [parseEther("1000"), parseEther("3000")];
const added = await router.getFunction("addLiquidity")(
  apples,
  pears,
  ...amounts,
  ...amounts,
  owner,
  MaxUint256,
);
const { blockNumber } = await added.wait();
console.log(`market of 1000 apples and 3000 pears, block ${blockNumber}`);

// Watch: over WebSocket the node tells of each trade as soon as it is in a block.
const webSocket = new WebSocketProvider(server.url.replace("http", "ws"));
const pool = new Contract(await factory.getFunction("poolOf")(apples, pears), amm.Pool.abi, webSocket);
const { promise: seen, resolve: tell } = Promise.withResolvers<number>();
await pool.once("Swapped", (...args) => tell((args.at(-1) as { log: EventLog }).log.blockNumber));
// The subscription is a request of its own, on the same connection.
await webSocket.getBlockNumber();

// Simulate: what would come of it, and of what could not work.
const path = [await apples.getAddress(), await pears.getAddress()];
const swap = router.getFunction("swapExactIn");
const [, out] = await swap.staticCall(parseEther("10"), 1n, path, owner, MaxUint256);
console.log(`10 apples would give ${formatEther(out)} pears`);
try {
  await swap.staticCall(parseEther("10"), parseEther("31"), path, owner, MaxUint256);
} catch (error) {
  if (!isCallException(error)) throw error;
  console.log(`31 pears for them are too many: ${error.revert?.name}`);
}

// Trade, with the access list that the node says it should have.
const request = await swap.populateTransaction(parseEther("10"), 1n, path, owner, MaxUint256);
const { accessList } = await provider.send("eth_createAccessList", [{ from: owner, ...request }]);
const trade = await signer.sendTransaction({ ...request, accessList });
const receipt = await trade.wait();
console.log(`traded in block ${receipt?.blockNumber} with a list of ${trade.accessList?.length} contracts`);
console.log(
  `10 apples gave ${formatEther((await pears.getFunction("balanceOf")(owner)) - parseEther("2000"))} pears`,
);
console.log(`watched a trade in block ${await seen}`);

webSocket.websocket.close();
provider.destroy();
