// Where the blocks of a run are read from: what the run says of it in the database, and what a worker makes of that.
import type { ChainSpec } from "@braid/protocol";
import type { RemoteBlocks } from "@braid/replay";
import { QueueError } from "../errors.ts";

/** Plain data without secrets: it lies in the database. URLs of nodes and keys are each worker's own. */
export type SourceSpec =
  /** Files and folders by absolute paths, the same on all machines. */
  | { kind: "files"; paths: string[] }
  /** Objects whose keys begin with a prefix. The endpoint is that of another storage than Amazon's. */
  | { kind: "s3"; bucket: string; prefix: string; endpoint?: string }
  /** Any node that has this chain. */
  | { kind: "node"; chain: ChainSpec };

/** One thing to replay: a file, an object, or a block of a node by its number or hash. */
export interface Item {
  name: string;
  /** False for what was found and not asked for by name: it need not be a file of blocks. */
  named: boolean;
}

/** What `replay` takes for one item. */
export interface OpenedItem {
  paths: string[];
  remote?: RemoteBlocks;
  /** Of what was fetched for it. */
  release(): Promise<void>;
}

/** What a worker reads a run's items from. */
export interface Source {
  /** Throws QueueError BRAID_SOURCE_UNAVAILABLE when nothing can be read now; another BaseError is about this item alone. */
  open(item: string, maxFileBytes: number): Promise<OpenedItem>;
}

/** The error of a worker that cannot read any of a run's blocks, which says what to do. */
export function unavailable(reason: string, cause?: unknown): QueueError {
  return new QueueError("BRAID_SOURCE_UNAVAILABLE", reason, cause === undefined ? {} : { cause });
}

export async function nothingToRelease(): Promise<void> {}
