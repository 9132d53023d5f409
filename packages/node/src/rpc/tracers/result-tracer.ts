// What a tracer of JSON-RPC is: it looks on, and then says what it has seen.

import type { TracedTransaction, Tracer } from "@braid/executor";
import type { ForkRules } from "@braid/protocol";

/** How the transaction ended; of a call, as if it were one. */
export type Traced = Pick<TracedTransaction, "status" | "gasUsed" | "output" | "error">;

export interface ResultTracer extends Tracer {
  result(traced: Traced): unknown;
}

/** What of the transaction a tracer needs to know beforehand. */
export interface TracedCall {
  /** 20 bytes. */
  from: Uint8Array;
  /** Undefined creates a contract. */
  to: Uint8Array | undefined;
  /** Its nonce, for the contract that it creates. */
  nonce: bigint;
  gasLimit: bigint;
  /** Of the block that it is in. */
  coinbase: Uint8Array;
  rules: ForkRules;
  /** Who signed authorizations, as far as they can be told. */
  authorities: readonly Uint8Array[];
  /** Of a call there is none. */
  place?: TracedPlace;
}

/** Where in the chain a transaction is. */
export interface TracedPlace {
  blockHash: Uint8Array;
  blockNumber: bigint;
  transactionHash: Uint8Array;
  index: number;
}
