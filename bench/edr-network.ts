// Hardhat's network, EDR, as the benchmark compares it: the same chain as the others, without logs.
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { NODE_CHAIN } from "./node-sides.ts";

export function edrRuntime(mine: boolean): Promise<HardhatRuntimeEnvironment> {
  const { chainId, gasLimit, hardfork } = NODE_CHAIN;
  return createHardhatRuntimeEnvironment({
    networks: {
      bench: {
        type: "edr-simulated",
        chainId,
        hardfork,
        blockGasLimit: gasLimit,
        initialBaseFeePerGas: 1_000_000_000,
        mining: { auto: mine, mempool: { order: "fifo" } },
        loggingEnabled: false,
        throwOnTransactionFailures: false,
      },
    },
  });
}
