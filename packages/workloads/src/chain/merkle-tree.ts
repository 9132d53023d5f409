// A Merkle tree as OpenZeppelin's MerkleProof checks it: pairs are hashed in order of size.
import { bytesToHex, concatBytes, type Hex, hexToBytes } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";

export class MerkleTree {
  /** The leaves first, then each level above; a node without a partner rises as it is. */
  private readonly levels: Hex[][];

  constructor(leaves: readonly Hex[]) {
    this.levels = [[...leaves]];
    for (let level = this.levels[0] ?? []; level.length > 1; ) {
      level = level.flatMap((node, index) => {
        if (index % 2 === 1) return [];
        const partner = level[index + 1];
        return [partner === undefined ? node : hashPair(node, partner)];
      });
      this.levels.push(level);
    }
  }

  get root(): Hex {
    const [root] = this.levels.at(-1) ?? [];
    if (root === undefined) throw new RangeError("a tree needs a leaf");
    return root;
  }

  /** The partners on the way from a leaf to the root. */
  proof(leaf: number): Hex[] {
    return this.levels.slice(0, -1).flatMap((level, height) => level[(leaf >> height) ^ 1] ?? []);
  }
}

function hashPair(a: Hex, b: Hex): Hex {
  const [low, high] = a.toLowerCase() < b.toLowerCase() ? [a, b] : [b, a];
  return bytesToHex(keccak_256(concatBytes(hexToBytes(low), hexToBytes(high))));
}
