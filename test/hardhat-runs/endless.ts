import { test } from "node:test";
import { busyNetwork } from "./busy-network.ts";

const { provider } = await busyNetwork();
const to = `0x${"99".repeat(20)}`;
/** JUMPDEST PUSH1 0 JUMP */
const LOOP = "0x5b600056";

test("goes on until somebody ends it", async () => {
  await provider.request({ method: "hardhat_setCode", params: [to, LOOP] });
  process.stdout.write("it is running\n");
  for (;;) await provider.request({ method: "eth_call", params: [{ to }] }).catch(() => {});
});
