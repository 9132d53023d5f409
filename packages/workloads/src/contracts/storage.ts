// Where a pool keeps what generators read directly (Solidity's "Layout of State Variables in Storage").
import { slotOf } from "./contract-code.ts";

/** Whoever knows a chain's storage. */
interface Storage {
  storageAt(address: Uint8Array, slot: Uint8Array): Promise<bigint>;
}

/** What a constant-product pool has of its two tokens: the lowest 112 bits of its packed slot, and the next 112. */
export async function reservesOf(chain: Storage, pool: Uint8Array): Promise<readonly [bigint, bigint]> {
  const packed = await chain.storageAt(pool, slotOf("Pool", "_reserve0"));
  const mask = (1n << 112n) - 1n;
  return [packed & mask, (packed >> 112n) & mask];
}
