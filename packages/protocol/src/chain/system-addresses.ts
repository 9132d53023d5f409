// The addresses that the protocol itself uses: who makes system calls, and the contracts that it calls. 20 bytes each.

import { hexToBytes } from "@braid/primitives";

/** The caller of system calls (EIP-4788, EIP-2935, EIP-7002, EIP-7251), and the emitter of logs of ether (EIP-7708). No account on any chain. */
export const SYSTEM_ADDRESS: Uint8Array = hexToBytes("0xfffffffffffffffffffffffffffffffffffffffe");
/** EIP-4788. */
export const BEACON_ROOTS_ADDRESS: Uint8Array = hexToBytes("0x000f3df6d732807ef1319fb7b8bb8522d0beac02");
/** EIP-2935. */
export const BLOCK_HASHES_ADDRESS: Uint8Array = hexToBytes("0x0000f90827f1c53a10cb7a02335b175320002935");
/** EIP-7002. */
export const WITHDRAWAL_REQUESTS_ADDRESS: Uint8Array = hexToBytes(
  "0x00000961ef480eb55e80d19ad83579a64c007002",
);
/** EIP-7251. */
export const CONSOLIDATION_REQUESTS_ADDRESS: Uint8Array = hexToBytes(
  "0x0000bbddc7ce488642fb579f8b00f3a590007251",
);
