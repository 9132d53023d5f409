// Errors in the words of Hardhat's own network, which its users' tests match.

import { bytesToHex, type Hex } from "@braid/primitives";
import { InvalidTransactionError } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { UnknownAccountError } from "../../accounts/unknown-account-error.ts";
import { TimestampError } from "../../mining/clock.ts";
import { BlockNotFoundError, haltMessage, REVERTED, revertReason, rpcErrorOf } from "../errors.ts";

/** EIP-1474: a method that is not there. */
const NOT_SUPPORTED = -32004;

export function notSupported(method: string): RpcError {
  return new RpcError(NOT_SUPPORTED, `Method ${method} is not supported`);
}

/** A call, or a transaction after it was mined, that failed. */
export class FailedExecutionError extends RpcError {
  /** Undefined for a call. */
  readonly transactionHash: Hex | undefined;
  /** 0x-hex of what the contract returned. */
  readonly output: Hex;
  /** It was no revert. */
  readonly halted: boolean;

  constructor({ error, output }: Failure, transactionHash?: Uint8Array) {
    const hash = transactionHash && bytesToHex(transactionHash);
    const data = bytesToHex(output);
    if (error === "out of gas")
      super(SERVER_ERROR, "Transaction ran out of gas", {
        reason: { OutOfGas: "Basic" },
        data,
        transactionHash: hash ?? null,
      });
    else super(REVERTED, failureMessage(error, output), data);
    this.name = "FailedExecutionError";
    this.transactionHash = hash;
    this.output = data;
    this.halted = error !== "revert";
  }
}

/** A call inside of a transaction runs out of gas, however much that has: what it needs cannot be told. */
export class InternalOutOfGasError extends RpcError {
  constructor() {
    super(
      SERVER_ERROR,
      "Gas estimation failed: an internal call runs out of gas regardless of the transaction's gas limit, so no reliable estimate exists. Set an explicit gas limit for the transaction, or set the network's gasEstimationMode to 'topLevelSuccess' to only require the top-level call to succeed.",
      { reason: "InternalCallOutOfGas", data: "0x", transactionHash: null },
    );
    this.name = "InternalOutOfGasError";
  }
}

/** How an execution failed: the exceptional halt, or "revert", and what it returned. */
export interface Failure {
  error?: string;
  output: Uint8Array;
}

const VM_EXCEPTION = "VM Exception while processing transaction: ";

/** Hardhat's own words for the panics that it names otherwise than geth. */
const PANICS: Record<string, string> = {
  "1": "Assertion error",
  "17": "Arithmetic operation overflowed outside of an unchecked block",
  "18": "Division or modulo division by zero",
  "33": "Tried to convert a value into an enum, but the value was too big or negative",
  "34": "Incorrectly encoded storage byte array",
  "49": ".pop() was called on an empty array",
  "50": "Array accessed at an out-of-bounds or negative index",
  "65": "Too much memory was allocated, or an array was created that is too large",
  "81": "Called a zero-initialized variable of internal function type",
};

/** What Hardhat says of a failure whose contract it does not know. */
function failureMessage(error: string | undefined, output: Uint8Array): string {
  if (error !== "revert")
    return error === "invalid opcode"
      ? `${VM_EXCEPTION}invalid opcode`
      : `Transaction reverted: ${haltMessage(error)}`;
  const reason = revertReason(output);
  if (reason?.kind === "error") return `${VM_EXCEPTION}reverted with reason string '${reason.message}'`;
  if (reason?.kind === "panic") {
    const code = `0x${reason.code.toString(16)}`;
    const name = PANICS[reason.code.toString()];
    return name === undefined
      ? `${VM_EXCEPTION}reverted with unknown panic code ${code}`
      : `${VM_EXCEPTION}reverted with panic code ${code} (${name})`;
  }
  if (output.length === 0) return "Transaction reverted without a reason string";
  return `${VM_EXCEPTION}reverted with an unrecognized custom error (return data: ${bytesToHex(output)})`;
}

/** What a client gets. */
export function hardhatErrorOf(error: unknown): unknown {
  if (error instanceof InvalidTransactionError) return new RpcError(SERVER_ERROR, error.message);
  if (error instanceof UnknownAccountError)
    return new RpcError(SERVER_ERROR, `Unknown account ${String(error.data?.account)}`);
  if (error instanceof BlockNotFoundError)
    return new RpcError(
      SERVER_ERROR,
      `Received invalid block tag ${error.data.block}. Latest block number is ${error.data.head}`,
    );
  if (error instanceof TimestampError) return new RpcError(SERVER_ERROR, timestampText(error));
  return rpcErrorOf(error);
}

function timestampText({ message, data = {} }: TimestampError): string {
  const { timestamp, parent } = data;
  if (parent === undefined) return message;
  return timestamp === parent
    ? `Timestamp ${timestamp} is equal to the previous block's timestamp. Enable the 'allowBlocksWithSameTimestamp' option to allow this`
    : `Timestamp ${timestamp} is lower than the previous block's timestamp ${parent}`;
}
