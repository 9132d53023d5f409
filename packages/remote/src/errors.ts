// What can go wrong with a node that is asked over the network, and how its words are understood.

import { BaseError } from "@braid/primitives";

/** Why a node did not answer as it should. */
export type RpcErrorCode =
  /** The URL is none, or not http(s). */
  | "BRAID_RPC_URL"
  /** No connection, or it was dropped, more often than is tried. */
  | "BRAID_RPC_UNREACHABLE"
  /** No whole answer within the time limit. */
  | "BRAID_RPC_TIMEOUT"
  /** The node refuses more requests for now, more often than is tried. */
  | "BRAID_RPC_RATE_LIMITED"
  /** The key is missing or wrong, or does not cover this. */
  | "BRAID_RPC_UNAUTHORIZED"
  /** The answer is cut off, no JSON, or not what the method answers. */
  | "BRAID_RPC_BAD_ANSWER"
  /** The answer has more bytes than are read. */
  | "BRAID_RPC_TOO_LARGE"
  /** The node does not have this method, or not for this caller. */
  | "BRAID_RPC_UNSUPPORTED"
  /** The node does not take these parameters. */
  | "BRAID_RPC_INVALID_PARAMS"
  /** The node has pruned the state that is asked for. */
  | "BRAID_RPC_ARCHIVE_NEEDED"
  /** The chain is not known, or another one than was named. */
  | "BRAID_UNKNOWN_CHAIN"
  /** The node does not know the block. */
  | "BRAID_RPC_UNKNOWN_BLOCK"
  /** The answer contradicts a hash that is known. */
  | "BRAID_RPC_WRONG_ANSWER"
  /** Any other error that the node answers. */
  | "BRAID_RPC_FAILED";

/** A request to a node that failed. Neither message nor data nor cause hold more of the URL than its host. */
export class RpcError extends BaseError {
  declare readonly code: RpcErrorCode;

  constructor(code: RpcErrorCode, message: string, data: Record<string, unknown> = {}) {
    super(code, message, { data });
  }
}

/** An error as a node answers it: JSON-RPC's, or HTTP's where there is none. */
export interface NodeFailure {
  /** JSON-RPC's code. */
  code?: number;
  /** HTTP's status. */
  status?: number;
  /** Free of secrets. */
  message: string;
  /** Bytes as hex: what a call that reverted gave back. */
  data?: string;
}

/** What geth and all others answer for a call that reverts. */
const REVERTED = 3;

/** What a failure means. `often`: trying again helps, as often as is allowed; `seldom`: it may; `never`: the answer stays the same. */
export interface Meaning {
  code: RpcErrorCode;
  retry: "often" | "seldom" | "never";
}

// The words of geth, erigon, nethermind, reth, besu, anvil, and of the services that run them.
const RATE_LIMITED =
  /rate.?limit|too many (requests|connections)|request limit|limit exceeded|exceeded .{0,40}(capacity|quota|rate|limit)|compute units|over rate|throttl|throughput|slow down|daily request count|backpressure/i;
const ARCHIVE_NEEDED =
  /missing trie node|archive|pruned|due to pruning|old data not available|world state (is )?(un|not )available|historical state|state (is )?(not|un)available|state .{0,90}(is not available|not found)|no state (available|found|for)|proof window|reexec=/i;
const UNAUTHORIZED =
  /(invalid|missing|wrong|unknown|expired) (api|project|access|auth)|unauthori[sz]ed|authentication|must be authenticated|api key/i;
const UNSUPPORTED =
  /method .{0,60}(not found|not exist|not available|not supported|not allowed|not enabled|disabled|unavailable|whitelisted)|(unknown|unsupported|invalid|no such) (method|tracer)|is not (a )?(available|supported) (on|in|for)|does not exist.is not available|tracer .{0,40}(not|un)|not implemented|unimplemented|(Reference|Type)Error|upgrade .{0,40}plan|free ?tier/i;
const UNKNOWN_BLOCK =
  /(header|block) (\S+ )?(is )?(not found|unknown|does not exist)|unknown (block|header)|BlockOutOfRange|block .{0,40}not (found|canonical)|resource not found/i;
const TEMPORARY = /time.?out|timed out|temporar|try again|overload|busy|reset by peer|connection|upstream/i;

/** What a failure means: the texts first, for providers use the codes each in their own way. */
export function meaningOf({ code, status, message }: NodeFailure): Meaning {
  const is = (words: RegExp): boolean => words.test(message);
  // The words are the contract's.
  if (code === REVERTED) return { code: "BRAID_RPC_FAILED", retry: "never" };
  if (status === 429 || code === 429 || code === -32005 || is(RATE_LIMITED))
    return { code: "BRAID_RPC_RATE_LIMITED", retry: "often" };
  if (is(ARCHIVE_NEEDED)) return { code: "BRAID_RPC_ARCHIVE_NEEDED", retry: "never" };
  if (code === -32601 || code === -32004 || is(UNSUPPORTED))
    return { code: "BRAID_RPC_UNSUPPORTED", retry: "never" };
  if (status === 401 || status === 403 || is(UNAUTHORIZED))
    return { code: "BRAID_RPC_UNAUTHORIZED", retry: "never" };
  // A server that is a block behind its siblings will know it in a moment.
  if (is(UNKNOWN_BLOCK)) return { code: "BRAID_RPC_UNKNOWN_BLOCK", retry: "seldom" };
  if (code === -32602) return { code: "BRAID_RPC_INVALID_PARAMS", retry: "never" };
  if ((status !== undefined && (status === 408 || status >= 500)) || is(TEMPORARY))
    return { code: "BRAID_RPC_FAILED", retry: "often" };
  return { code: "BRAID_RPC_FAILED", retry: code === -32603 ? "seldom" : "never" };
}

/** True for the codes of errors after which the node would fail to answer everything else too. */
export function isFinalCode(code: string | undefined): boolean {
  return (
    code === "BRAID_RPC_UNREACHABLE" || code === "BRAID_RPC_RATE_LIMITED" || code === "BRAID_RPC_UNAUTHORIZED"
  );
}

/** What to do about an error, as the last sentence of its message. */
export const ADVICE: Partial<Record<RpcErrorCode, string>> = {
  BRAID_RPC_UNREACHABLE: "Check the URL, and that the node runs.",
  BRAID_RPC_TIMEOUT: "Try again, or raise --timeout.",
  BRAID_RPC_RATE_LIMITED: "Wait, lower --concurrency, or use a node with a higher limit.",
  BRAID_RPC_UNAUTHORIZED: "Check the key in the URL.",
  BRAID_RPC_ARCHIVE_NEEDED:
    "An archive node is needed for blocks this old: a full node keeps the states of the last 128 blocks or so.",
  BRAID_RPC_UNKNOWN_BLOCK: "Check the number or hash, and that the node is in sync.",
};
