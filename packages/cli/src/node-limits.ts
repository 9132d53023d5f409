// The limits of the command line, for the node and for its server.

import { DEFAULT_NODE_LIMITS, type NodeLimits } from "@braid/node";
import { BaseError } from "@braid/primitives";
import { DEFAULT_LIMITS, type RpcLimits } from "@braid/rpc";
import type { Limits } from "./limit-option.ts";

/** Throws BaseError BRAID_UNKNOWN_LIMIT. */
export function rpcLimits(limits: Limits): Partial<RpcLimits> {
  return only(limits, DEFAULT_LIMITS);
}

/** Throws BaseError BRAID_UNKNOWN_LIMIT. */
export function nodeLimits(limits: Limits): Partial<NodeLimits> {
  return only(limits, DEFAULT_NODE_LIMITS);
}

/** Those that have a name among the defaults. */
function only<Known extends object>(limits: Limits, known: Known): Partial<Known> {
  const all = { ...DEFAULT_LIMITS, ...DEFAULT_NODE_LIMITS };
  const wrong = Object.keys(limits).find((name) => !Object.hasOwn(all, name));
  if (wrong !== undefined)
    throw new BaseError(
      "BRAID_UNKNOWN_LIMIT",
      `There is no limit "${wrong}". Give one of: ${Object.keys(all).join(", ")}.`,
    );
  return Object.fromEntries(
    Object.entries(limits).filter(([name]) => Object.hasOwn(known, name)),
  ) as Partial<Known>;
}
