// A transaction's or a call's fields, of which Hardhat's own network says in its own words when they contradict each other.

import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { type TransactionArgs, transactionArgs } from "../eth/transaction-args.ts";
import type { Reader } from "../params.ts";

export const hardhatArgs: Reader<TransactionArgs> = (value) => {
  if (typeof value === "object" && value !== null) checkFees(value as Record<string, unknown>);
  return transactionArgs(value);
};

function checkFees(fields: Record<string, unknown>): void {
  for (const name of ["maxFeePerGas", "maxPriorityFeePerGas"])
    if (isGiven(fields.gasPrice) && isGiven(fields[name]))
      throw new RpcError(SERVER_ERROR, `Cannot send both gasPrice and ${name}`);
  const [most, tip] = [numberOf(fields.maxFeePerGas), numberOf(fields.maxPriorityFeePerGas)];
  if (most !== undefined && tip !== undefined && tip > most)
    throw new RpcError(SERVER_ERROR, `maxPriorityFeePerGas (${tip}) is bigger than maxFeePerGas (${most})`);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Undefined for what is none: the reader says so. */
function numberOf(value: unknown): bigint | undefined {
  return typeof value === "string" && /^0x[0-9a-f]+$/i.test(value) ? BigInt(value) : undefined;
}
