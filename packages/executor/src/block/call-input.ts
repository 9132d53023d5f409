// What executor.call takes: messages on a state, as eth_call has them, or whole transactions without a signature.

import type { Payer } from "@braid/primitives";
import type { Authorization, ChainInput, Header } from "@braid/protocol";
import type { StateSource } from "@braid/state";
import type { TracerOf } from "./guard-tracers.ts";

/** One message. Amounts in wei, gas in gas units; what is left out is zero or empty. */
export interface CallMessage {
  /** 20 bytes. */
  from?: Uint8Array;
  /** 20 bytes; undefined creates a contract. */
  to?: Uint8Array;
  data?: Uint8Array;
  value?: bigint;
  /** Default: the block's gas limit. */
  gasLimit?: bigint;
  /** For types 0 and 1 the price, from type 2 on the most that is paid. */
  maxFeePerGas?: bigint;
  /** Default: `maxFeePerGas`. */
  maxPriorityFeePerGas?: bigint;
  maxFeePerBlobGas?: bigint;
  blobVersionedHashes?: Uint8Array[];
  accessList?: readonly { address: Uint8Array; slots: readonly Uint8Array[] }[];
  authorizations?: Authorization[];
  /** Default: the sender's. */
  nonce?: bigint;
}

/** An account that is another one than in the state. A precompile that is overridden is none any more. */
export interface StateOverride {
  /** 20 bytes. */
  address: Uint8Array;
  balance?: bigint;
  nonce?: bigint;
  code?: Uint8Array;
  /** Slots (32 bytes) that have other values. */
  stateDiff?: [slot: Uint8Array, value: bigint][];
  /** All that the account's storage holds. */
  state?: [slot: Uint8Array, value: bigint][];
  /** 20 bytes: the account is a precompile, which is there from now on, and no longer here. */
  movePrecompileToAddress?: Uint8Array;
}

/** Fields of the block that are others than in the header. */
export interface BlockOverrides {
  number?: bigint;
  /** Seconds. */
  timestamp?: bigint;
  gasLimit?: bigint;
  coinbase?: Uint8Array;
  prevRandao?: Uint8Array;
  baseFeePerGas?: bigint;
  /** Wei per blob gas. */
  blobGasPrice?: bigint;
}

export interface CallInput {
  /** The block in which the messages are: what opcodes like NUMBER and COINBASE answer, and whose rules hold. */
  header: Header;
  /** As executeBlock takes it. */
  chain: ChainInput;
  /** The state that the messages begin on. */
  source: StateSource;
  /** One after the other, each on what those before it have changed. */
  messages: CallMessage[];
  /**
   * Whole transactions, which must be valid in the block: nonce, fees and funds. Default: calls, of which only the funds for their value and
   * price are asked; with a price of zero the base fee is zero too, as geth has it.
   */
  validate?: boolean;
  stateOverrides?: StateOverride[];
  blockOverrides?: BlockOverrides;
  /** Also give what each message read and wrote. */
  accesses?: boolean;
  /** Who looks on while the message with this index runs. */
  tracer?: TracerOf;
  /**
   * Where the messages run: on the caller's thread, in slices between which it does what else it has to, or on a worker, which takes about
   * 0.1 ms more, and several calls run at once. Default: on the caller's thread for at most 8 ms, not counting those in which they wait for the
   * source or for their turn; what takes longer begins again on a worker, and who would wait for 16 others goes there at once. There one more of them than there are workers
   * runs at the same time, of which one for no longer than 250 ms before it waits for a place among the others: what takes seconds never
   * keeps what takes less waiting. An executor without workers has the
   * caller's thread only, and so have calls with a tracer.
   */
  thread?: "caller" | "worker";
  /**
   * Milliseconds that all messages together may take, from the first one's beginning on. Then the call is rejected with ExecutionError
   * BRAID_TIME_LIMIT, also in the middle of an endless loop; only what a single opcode or precompile takes is not cut short.
   */
  timeLimitMs?: number;
  /** For whom the messages run: who has had least comes first where several wait, and pays for what is run. Default: the caller's own, which come before those of clients. */
  payer?: Payer | undefined;
  /** Milliseconds for a read of the state; see ExecuteBlockInput. */
  readTimeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * What executor.simulate takes: a block of messages. Its header's fields that execution determines are not looked at. Overrides hold before the system calls
 * at the block's beginning. A message without a gas limit has what is left of the block's gas, and of `gasBudget`.
 */
export interface SimulateInput extends Omit<CallInput, "accesses" | "thread" | "tracer"> {
  /** Gas that all messages may use together; default: the block's. */
  gasBudget?: bigint;
}

/** The messages of a run and what they stand on. */
export interface CallUnits {
  messages: readonly CallMessage[];
  validate: boolean;
  overrides: readonly StateOverride[];
  /** The messages are a whole block: with its system calls before and after them, and its limit of gas. */
  block?: { gasBudget: bigint };
}

/** Storage is emptied in a unit before the one that fills it: a reset comes last in its own. */
export const RESET_UNIT = 0;
export const OVERRIDE_UNIT = 1;
/** The unit of the first message. */
export const FIRST_MESSAGE = 2;
