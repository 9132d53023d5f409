// Where the contracts keep what the generators read or write directly (Solidity's "Layout of State Variables in Storage").
import { concatBytes } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { word } from "./abi.ts";
import { slotOf } from "./contract-code.ts";

// Token, WrappedEther and Pool are OpenZeppelin's ERC20 first, so these three slots are the same in all of them.
const BALANCES_SLOT = slotOf("Token", "_balances");
const ALLOWANCES_SLOT = slotOf("Token", "_allowances");
export const TOTAL_SUPPLY_SLOT = slotOf("Token", "_totalSupply");
/** Pool's reserve0 (lowest 112 bits), reserve1 (the next 112) and time of change (the highest 32). */
export const RESERVES_SLOT = slotOf("Pool", "_reserve0");

/** The balance of `owner` in a token. */
export function balanceSlot(owner: Uint8Array): Uint8Array {
  return mappingSlot(owner, BALANCES_SLOT);
}

/** What `spender` may take of `owner` in a token. */
export function allowanceSlot(owner: Uint8Array, spender: Uint8Array): Uint8Array {
  return mappingSlot(spender, mappingSlot(owner, ALLOWANCES_SLOT));
}

/** The two reserves in a pool's packed slot. */
export function unpackReserves(packed: bigint): { reserve0: bigint; reserve1: bigint } {
  const mask = (1n << 112n) - 1n;
  return { reserve0: packed & mask, reserve1: (packed >> 112n) & mask };
}

function mappingSlot(key: Uint8Array, slot: Uint8Array): Uint8Array {
  return keccak_256(concatBytes(word(key), slot));
}
