// A connection that has threads running, and that nobody closes.
import { setTimeout } from "node:timers/promises";
import { network } from "hardhat";

const TRANSACTIONS = 12;
const TRANSFER_GAS = "0x5208";

export async function busyNetwork() {
  const connection = await network.create();
  const { provider } = connection;
  const [from, to] = (await provider.request({ method: "eth_accounts" })) as string[];
  await provider.request({ method: "evm_setAutomine", params: [false] });
  // The first block for them starts the threads; those after it are executed there as soon as they are there.
  for (let block = 0; block < 3; block++) {
    for (let i = 0; i < TRANSACTIONS; i++)
      await provider.request({
        method: "eth_sendTransaction",
        params: [{ from, to, value: "0x1", gas: TRANSFER_GAS }],
      });
    await provider.request({ method: "evm_mine" });
    await setTimeout(100);
  }
  await provider.request({ method: "evm_setAutomine", params: [true] });
  return connection;
}
