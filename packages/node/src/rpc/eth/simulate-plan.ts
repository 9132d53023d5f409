// Which blocks a simulation has: those that were asked for, and empty ones where numbers are left out.

import type { BlockOverrides, StateOverride } from "@braid/executor";
import type { Header } from "@braid/protocol";
import { RpcError } from "@braid/rpc";
import type { TransactionArgs } from "./transaction-args.ts";

export interface BlockCalls {
  blockOverrides: BlockOverrides;
  stateOverrides: StateOverride[];
  calls: TransactionArgs[];
}

/** A block of which it is known when it is. */
export interface PlannedBlock extends BlockCalls {
  number: bigint;
  timestamp: bigint;
}

const MOST_BLOCKS = 256;
/** Seconds between blocks that do not say when they are. */
const BLOCK_SECONDS = 12n;

const OUT_OF_ORDER = -38020;
const TIME_OUT_OF_ORDER = -38021;
const TOO_MANY_BLOCKS = -38026;

/** Throws RpcError, as execution-apis has it. */
export function planBlocks(
  base: Pick<Header, "number" | "timestamp">,
  blocks: readonly BlockCalls[],
): PlannedBlock[] {
  if (blocks.length > MOST_BLOCKS) throw tooManyBlocks();
  const planned: PlannedBlock[] = [];
  let { number, timestamp } = base;
  for (const block of blocks) {
    const { number: wanted = number + 1n, timestamp: time } = block.blockOverrides;
    if (wanted <= number)
      throw new RpcError(OUT_OF_ORDER, `block numbers must be in order: ${wanted} <= ${number}`);
    if (wanted - base.number > BigInt(MOST_BLOCKS)) throw tooManyBlocks();
    for (number++; number < wanted; number++) {
      timestamp += BLOCK_SECONDS;
      planned.push({ number, timestamp, blockOverrides: {}, stateOverrides: [], calls: [] });
    }
    if (time !== undefined && time <= timestamp)
      throw new RpcError(TIME_OUT_OF_ORDER, `block timestamps must be in order: ${time} <= ${timestamp}`);
    timestamp = time ?? timestamp + BLOCK_SECONDS;
    planned.push({ ...block, number, timestamp });
  }
  return planned;
}

function tooManyBlocks(): RpcError {
  return new RpcError(TOO_MANY_BLOCKS, "too many blocks");
}
