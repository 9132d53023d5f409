import { busyNetwork } from "./busy-network.ts";

const { provider } = await busyNetwork();
setTimeout(() => {
  throw new Error("user code crashes");
}, 50);
for (;;) await provider.request({ method: "evm_mine" });
