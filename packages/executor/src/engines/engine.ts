// What stands between an engine and the pool that runs it.

import type { PreparedBlock } from "../block/prepare-block.ts";

/** A block as an engine gets it. */
export interface EngineBlock extends PreparedBlock {
  /** The cache holds all that the source has: what it lacks does not exist. */
  complete: boolean;
  /** The block is being built: its transactions are candidates, and those that cannot be part of it are left out. */
  building: boolean;
}

/** Fetches from the state source what the shared cache lacks; resolves when the value is in the cache. */
export interface MissHandler {
  fetchAccount(address: Uint8Array): Promise<void>;
  fetchSlot(address: Uint8Array, slot: Uint8Array): Promise<void>;
  fetchCode(codeHash: Uint8Array): Promise<void>;
  /** The hash of an earlier block (32 bytes). */
  blockHash(number: bigint): Promise<Uint8Array>;
}
