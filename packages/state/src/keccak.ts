// The one place that names the hash of the tries.
import { MerklePatriciaTrie } from "@ethereumjs/mpt";

const hasher = new MerklePatriciaTrie({ useKeyHashing: true });

/** keccak256 of any bytes, 32 bytes long. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return hasher["appliedKey"](bytes);
}
