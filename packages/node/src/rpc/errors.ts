// Errors as clients get them: Braid's own by their codes, in geth's words.

import { TooManyBlocksError, TooManyLogsError } from "@braid/chain";
import { type CallResult, InvalidInputError } from "@braid/executor";
import { BaseError, bytesToBigInt, bytesToHex } from "@braid/primitives";
import { InvalidBlockError, InvalidTransactionError } from "@braid/protocol";
import { type NodeFailure, RpcError as RemoteError } from "@braid/remote";
import { INVALID_PARAMS, invalidParams, RpcError, SERVER_ERROR, TIMED_OUT } from "@braid/rpc";
import { UnknownBlockError, UnprovableStateError } from "@braid/state";
import { UnknownAccountError } from "../accounts/unknown-account-error.ts";
import { ForkOptionsError } from "../fork/fork-rules.ts";
import { TimestampError } from "../mining/clock.ts";
import { RejectedTransactionError, wordsOf } from "../pool/rejections.ts";
import { ParameterError } from "./params.ts";

/** EIP-1474 has no code for it; all clients have taken geth's. */
export const REVERTED = 3;

/** A call that took too long, or that nobody waits for any more. */
const TIMEOUTS: ReadonlySet<string> = new Set(["BRAID_TIME_LIMIT", "BRAID_ABORTED"]);

/** What a client gets; an error that is a bug stays what it is. */
export function rpcErrorOf(error: unknown): unknown {
  if (error instanceof RpcError) return error;
  if (error instanceof RejectedTransactionError) return new RpcError(SERVER_ERROR, error.message);
  if (error instanceof InvalidTransactionError) return new RpcError(SERVER_ERROR, `err: ${wordsOf(error)}`);
  if (error instanceof InvalidBlockError) return new RpcError(SERVER_ERROR, error.message);
  if (error instanceof UnknownAccountError || error instanceof TimestampError)
    return new RpcError(SERVER_ERROR, error.message);
  if (error instanceof RemoteError) return remoteErrorOf(error);
  if (error instanceof ForkOptionsError) return invalidParams(error.message);
  if (error instanceof UnprovableStateError) return new RpcError(SERVER_ERROR, error.message);
  if (error instanceof UnknownBlockError || error instanceof BlockNotFoundError)
    return new RpcError(SERVER_ERROR, "header not found");
  if (error instanceof TooManyLogsError || error instanceof TooManyBlocksError)
    return new RpcError(INVALID_PARAMS, error.message);
  if (error instanceof InvalidInputError || error instanceof ParameterError)
    return invalidParams(error.message);
  const isAbort =
    error instanceof DOMException && (error.name === "AbortError" || error.name === "TimeoutError");
  if (isAbort || (error instanceof BaseError && TIMEOUTS.has(error.code)))
    return new RpcError(TIMED_OUT, "execution aborted (timeout)");
  return error;
}

/** What the other node of a forked chain says of a call is for the caller; that it cannot be asked is said in our words. */
function remoteErrorOf({ code, message, data }: RemoteError): RpcError {
  const answered = data?.answered as NodeFailure | undefined;
  const isItsAnswer = code === "BRAID_RPC_FAILED" || code === "BRAID_RPC_INVALID_PARAMS";
  if (!isItsAnswer || answered?.code === undefined) return new RpcError(SERVER_ERROR, message);
  return new RpcError(answered.code, answered.message, answered.data);
}

/** There is no such block. Code BRAID_BLOCK_NOT_FOUND. */
export class BlockNotFoundError extends BaseError {
  declare readonly data: { block: string; head: string };

  /** @param block its number or hash. */
  constructor(block: bigint | Uint8Array, head: bigint) {
    const name = typeof block === "bigint" ? block.toString() : bytesToHex(block);
    super("BRAID_BLOCK_NOT_FOUND", `There is no block ${name}; the newest one is ${head}.`, {
      data: { block: name, head: head.toString() },
    });
  }
}

/** What a call failed with, or undefined when it did not. */
export function failureOf({
  status,
  error,
  output,
}: Pick<CallResult, "status" | "error" | "output">): RpcError | undefined {
  if (status === 1) return undefined;
  if (error === "revert") return new RpcError(REVERTED, revertMessage(output), bytesToHex(output));
  return new RpcError(SERVER_ERROR, haltMessage(error));
}

const HALTS: Record<string, string> = {
  revert: "execution reverted",
  "invalid opcode": "invalid opcode",
  "invalid JUMP": "invalid jump destination",
  "stack underflow": "stack underflow",
  "stack overflow": "stack limit reached 1024",
  "static state change": "write protection",
  "create collision": "contract address collision",
  "code size to deposit exceeds maximum code size": "max code size exceeded",
  "code store out of gas": "contract creation code storage out of gas",
  "initcode exceeds max initcode size": "max initcode size exceeded",
  "insufficient balance": "insufficient balance for transfer",
  "invalid EOF format": "invalid code: must not begin with 0xef",
  "out of range": "return data out of bounds",
};

/** geth's words for an exceptional halt of the EVM. */
export function haltMessage(error: string | undefined): string {
  return HALTS[error ?? ""] ?? error ?? "execution failed";
}

const ERROR_SELECTOR = "0x08c379a0";
const PANIC_SELECTOR = "0x4e487b71";

/** Solidity's panic codes, as geth names them. */
const PANICS: Record<string, string> = {
  "0": "generic panic",
  "1": "assert(false)",
  "17": "arithmetic underflow or overflow",
  "18": "division or modulo by zero",
  "33": "enum overflow",
  "34": "invalid encoded storage byte array accessed",
  "49": "out-of-bounds array access; popping on an empty array",
  "50": "out-of-bounds access of an array or bytesN",
  "65": "out of memory",
  "81": "uninitialized function",
};

/** "execution reverted", with what the contract said when it said it the way Solidity does. */
export function revertMessage(output: Uint8Array): string {
  const reason = revertReason(output);
  if (reason === undefined) return "execution reverted";
  if (reason.kind === "error") return `execution reverted: ${reason.message}`;
  const { code } = reason;
  return `execution reverted: ${PANICS[code.toString()] ?? `unknown panic code: 0x${code.toString(16)}`}`;
}

/** What a contract says of its revert, when it says it the way Solidity does: `Error(string)` or `Panic(uint256)`. */
export function revertReason(
  output: Uint8Array,
): { kind: "error"; message: string } | { kind: "panic"; code: bigint } | undefined {
  const selector = bytesToHex(output.subarray(0, 4));
  if (selector === PANIC_SELECTOR && output.length >= 36)
    return { kind: "panic", code: bytesToBigInt(output.subarray(4, 36)) };
  if (selector !== ERROR_SELECTOR || output.length < 68) return undefined;
  const offset = bytesToBigInt(output.subarray(4, 36));
  if (offset + 36n > BigInt(output.length)) return undefined;
  const start = 4 + Number(offset);
  const length = bytesToBigInt(output.subarray(start, start + 32));
  if (length > BigInt(output.length - start - 32)) return undefined;
  const said = output.subarray(start + 32, start + 32 + Number(length));
  return { kind: "error", message: new TextDecoder().decode(said) };
}
