// A node in this process, without a server: transactions are sent one after the other, each mined by itself and its receipt read. Started by
// node-rows.ts with the side's name; gets transactions as a message and answers with milliseconds.
import { createNode } from "@braid/node";
import { edrRuntime } from "./edr-network.ts";
import { NODE_CHAIN } from "./node-sides.ts";

export interface InProcessJob {
  /** Accounts that are given ether. */
  funded: string[];
  transactions: string[];
}

type Request = (method: string, params: unknown[]) => Promise<unknown>;

async function start(): Promise<Request> {
  if (process.argv[2] === "braid") {
    const { chainId, gasLimit } = NODE_CHAIN;
    const node = await createNode({ chainId, gasLimit: BigInt(gasLimit) });
    return (method, params) => node.request({ method, params });
  }
  const { network } = await edrRuntime(true);
  const { provider } = await network.create("bench");
  return (method, params) => provider.request({ method, params });
}

const request = await start();
process.on("message", async ({ funded, transactions }: InProcessJob) => {
  for (const account of funded) await request("hardhat_setBalance", [account, "0xd3c21bcecceda1000000"]);
  const ms: number[] = [];
  for (const raw of transactions) {
    const begin = performance.now();
    const hash = await request("eth_sendRawTransaction", [raw]);
    const receipt = (await request("eth_getTransactionReceipt", [hash])) as { status: string } | null;
    ms.push(performance.now() - begin);
    if (receipt?.status !== "0x1") throw new Error(`transaction ${hash} was not mined, or has failed`);
  }
  process.send?.(ms);
});
process.send?.("ready");
