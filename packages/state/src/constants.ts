// The hashes of nothing (Yellow Paper, sections 4.1 and appendix D), and what stands for one where there is not even that.
import { type Hex, hexToBytes } from "@braid/primitives";

/** keccak256 of no bytes: the code hash of an account without code. */
export const EMPTY_CODE_HASH_HEX: Hex = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
export const EMPTY_CODE_HASH: Uint8Array = hexToBytes(EMPTY_CODE_HASH_HEX);

/** keccak256(rlp("")): the root of a trie without entries. */
export const EMPTY_TRIE_ROOT_HEX: Hex = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
export const EMPTY_TRIE_ROOT: Uint8Array = hexToBytes(EMPTY_TRIE_ROOT_HEX);

/** What caches, versions and write sets hold as the code hash of an account that does not exist: 32 zero bytes. */
export const ABSENT_CODE_HASH: Uint8Array = new Uint8Array(32);
