// Tokens that people claim by Merkle proof.
import { bytesToHex } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { ETHER } from "../chain/genesis.ts";
import { MerkleTree } from "../chain/merkle-tree.ts";
import { encodeArguments, word } from "../contracts/abi.ts";
import { LATER } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

/** Parts of each airdrop. */
const PARTS = 1_024;

export const AIRDROP_FAMILY: Family = {
  name: "airdrop",
  description: "parts of airdrops claimed by Merkle proof, some of them twice",
  variants: BOTH,
  async setUp(world, variant) {
    const drops = world.each((index) => {
      const parts = Array.from({ length: PARTS }, (_, part) => ({
        index: BigInt(part),
        account: keccak_256(word(BigInt(index * PARTS + part))).slice(12),
        amount: ETHER + BigInt(part),
      }));
      const tree = new MerkleTree(
        parts.map(({ index: part, account, amount }) =>
          bytesToHex(
            keccak_256(keccak_256(encodeArguments("(uint256,address,uint256)", [part, account, amount]))),
          ),
        ),
      );
      const token = world.createToken(`D${index}`);
      const airdrop = world.create(
        variant === "parallel" ? "ShardedAirdrop" : "MerkleAirdrop",
        token.address,
        tree.root,
        LATER,
      );
      world.send(token.call("approve", airdrop.address, 2n ** 256n - 1n));
      world.send(airdrop.call("fund", 2n * ETHER * BigInt(PARTS)));
      return { airdrop, parts, tree, next: 0 };
    });
    await world.settle();
    return [
      {
        name: "claim",
        weight: 1,
        run(traffic, sender) {
          const drop = traffic.popular(drops);
          const again = traffic.takesFailure() || drop.next === PARTS;
          const part = again ? 0 : drop.next++;
          const { index, account, amount } = drop.parts[part] as (typeof drop.parts)[number]; // in bounds
          traffic.send(sender, drop.airdrop.call("claim", index, account, amount, drop.tree.proof(part)));
        },
      },
    ];
  },
};
