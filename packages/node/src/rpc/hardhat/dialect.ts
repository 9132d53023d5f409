// The dialect of Hardhat's own network: a project's tests hear what they would hear from it.

import type { HardhatOptions } from "../../options.ts";
import { blockMethods } from "../eth/blocks.ts";
import { feeHistory, feeMethods } from "../eth/fees.ts";
import { hexOf, type Json } from "../format.ts";
import type { Dialect, Method } from "../method.ts";
import { HEAVY_METHODS, METHODS } from "../methods.ts";
import { callMethods, transactionCount } from "./calls.ts";
import { developmentMethods, mineMethod } from "./development.ts";
import { hardhatErrorOf, notSupported } from "./errors.ts";
import { sendingMethods } from "./transactions.ts";

/** Without the address of a contract that was not created. */
const transactionReceipt: Method = (params, context) => {
  const receipt = blockMethods.eth_getTransactionReceipt?.(params, context) as Json | null;
  return receipt?.status === "0x0" ? { ...receipt, contractAddress: null } : receipt;
};

/** Wei; before there is a base fee. */
const OLD_GAS_PRICE = 8_000_000_000n;

const gasPrice: Method = (params, context) =>
  context.node.next.baseFee === undefined ? hexOf(OLD_GAS_PRICE) : feeMethods.eth_gasPrice?.(params, context);

export function hardhatDialect(options: HardhatOptions): Dialect {
  return {
    methods: {
      ...METHODS,
      eth_feeHistory: feeHistory("gasLimit"),
      eth_gasPrice: gasPrice,
      eth_getTransactionCount: transactionCount,
      eth_getTransactionReceipt: transactionReceipt,
      ...developmentMethods,
      evm_mine: mineMethod(options),
      ...callMethods(options),
      ...sendingMethods(options),
    },
    heavy: HEAVY_METHODS,
    errorOf: hardhatErrorOf,
    unknownMethod: notSupported,
  };
}
