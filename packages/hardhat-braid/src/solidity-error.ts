// Errors as Hardhat's own network throws them for failed executions; Hardhat does not export their class.

import type { FailedExecutionError } from "@braid/node";
import type { Hex } from "@braid/primitives";

/** An error with a Solidity stack trace. */
export interface TracedError extends Error {
  /** 0x-hex of what the contract returned. */
  data: Hex;
  transactionHash: Hex | null;
}

export function isTraced(error: unknown): error is TracedError {
  return error instanceof Error && error.name === "SolidityError" && "data" in error;
}

/** The same for what could not be traced: its message says what can be told without sources. */
export class UntracedError extends Error implements TracedError {
  static readonly CODE = 3;
  readonly code = UntracedError.CODE;
  readonly data: Hex;
  transactionHash: Hex | null;
  readonly stackTrace: unknown[] = [];
  readonly solidityStack = "";

  constructor({ message, output, transactionHash }: FailedExecutionError) {
    super(message);
    this.name = "SolidityError";
    this.data = output;
    this.transactionHash = transactionHash ?? null;
  }
}
