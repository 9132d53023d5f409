// A block in any of the forms that it is given in, decoded.

import {
  type Block,
  type Chain,
  checkBlock,
  decodeBlock,
  decodeRpcBlock,
  InvalidBlockError,
} from "@braid/protocol";
import type { BlockInput } from "./block-input.ts";

/** Throws what decodeBlock, decodeRpcBlock and checkBlock throw. */
export function readBlock(input: BlockInput, chain: Chain): Block {
  if (input instanceof Uint8Array) return decodeBlock(input, chain);
  if (typeof input !== "object" || input === null)
    throw new InvalidBlockError(
      "BRAID_BLOCK_MALFORMED",
      `A block is RLP in a Uint8Array, an object of JSON-RPC, or a decoded block; this is ${typeof input}.`,
    );
  if (!("header" in input)) return decodeRpcBlock(input, chain);
  checkBlock(input, chain);
  return input;
}
