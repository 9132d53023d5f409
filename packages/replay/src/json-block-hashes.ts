// The ancestors' hashes of a JSON block file: an object from number to hash.
import { jsonBytes, jsonObject, jsonQuantity } from "@braid/primitives";

/** Throws FileError BRAID_FILE_MALFORMED. */
export function jsonBlockHashes(json: unknown, path: string): Map<bigint, Uint8Array> {
  return new Map(
    Object.entries(jsonObject(json, path)).map(([number, hash]) => [
      jsonQuantity(number, () => `${path}: the key ${number}`, 64n),
      jsonBytes(hash, () => `${path}.${number}`, 32),
    ]),
  );
}
