// Where the contracts keep what the generators read or write directly (Solidity's "Layout of State Variables in Storage").
import { concatBytes } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { word } from "./abi.ts";

/** TokenBase.totalSupply */
export const TOTAL_SUPPLY_SLOT = word(2n);
/** Pool's reserve0 (lowest 112 bits), reserve1 (the next 112) and time of change (the highest 32). */
export const RESERVES_SLOT = word(5n);
/** Pool's lock against reentrancy. */
export const POOL_LOCK_SLOT = word(8n);

/** TokenBase.balanceOf[owner] */
export function balanceSlot(owner: Uint8Array): Uint8Array {
  return mappingSlot(owner, word(3n));
}

/** TokenBase.allowance[owner][spender] */
export function allowanceSlot(owner: Uint8Array, spender: Uint8Array): Uint8Array {
  return mappingSlot(spender, mappingSlot(owner, word(4n)));
}

/** The two reserves in a pool's packed slot. */
export function unpackReserves(packed: bigint): { reserve0: bigint; reserve1: bigint } {
  const mask = (1n << 112n) - 1n;
  return { reserve0: packed & mask, reserve1: (packed >> 112n) & mask };
}

function mappingSlot(key: Uint8Array, slot: Uint8Array): Uint8Array {
  return keccak_256(concatBytes(word(key), slot));
}
