// Leaves of account tries as other implementations write them.
import { rlpOfBigInt, rlpOfBytes, rlpOfList } from "@braid/primitives";
import type { AccountLeaf } from "../account-rlp.ts";

export function encodeAccount({ nonce, balance, storageRoot, codeHash }: AccountLeaf): Uint8Array {
  return rlpOfList([rlpOfBigInt(nonce), rlpOfBigInt(balance), rlpOfBytes(storageRoot), rlpOfBytes(codeHash)]);
}
