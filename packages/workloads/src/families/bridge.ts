// A rollup's inbox: messages, batches with proofs, withdrawals.
import { bytesToBigInt, bytesToHex } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { ETHER } from "../chain/genesis.ts";
import { Groth16, type Proof } from "../chain/groth16.ts";
import { MerkleTree } from "../chain/merkle-tree.ts";
import { TextRandom } from "../chain/text-random.ts";
import { type AbiValue, encodeArguments, word } from "../contracts/abi.ts";
import { BOTH, type Family } from "./family.ts";

const WITHDRAWALS = 1_024;
const NONE = new Uint8Array(32);

export const BRIDGE_FAMILY: Family = {
  name: "bridge",
  description:
    "messages to a rollup, batches of it with proofs of their validity, withdrawals by Merkle proof",
  variants: BOTH,
  async setUp(world, variant) {
    const sharded = variant === "parallel";
    const random = new TextRandom(`${world.seed}/bridge`);
    const numbers = () => bytesToBigInt(random.bytes(32));
    const groth16 = new Groth16(numbers);
    const { alpha, beta, gamma, delta, inputs } = groth16.key;
    const g1 = ({ x, y }: Proof["a"]): AbiValue => [x, y];
    const g2 = ({ x, y }: Proof["b"]): AbiValue => [x, y];
    const key = [g1(alpha), g2(beta), g2(gamma), g2(delta), inputs.map(g1)];
    const verifier = world.create("Groth16Verifier", key);
    let root = keccak_256(word(0n));
    const inbox = world.create(sharded ? "ShardedRollupInbox" : "RollupInbox", verifier.address, root);
    await world.settle();
    /** The next batch, which only takes in what was there at first. */
    const messages = await world.view(inbox, "messagesHash");
    const nextBatch = async (withdrawals: Uint8Array): Promise<[AbiValue, AbiValue]> => {
      const batch = [root, keccak_256(root), withdrawals, keccak_256(word(1n)), messages];
      root = keccak_256(root);
      const { a, b, c } = groth16.prove(await world.number(inbox, "batchHash", batch), numbers);
      return [batch, [g1(a), g2(b), g1(c)]];
    };
    const leaves = Array.from({ length: WITHDRAWALS }, (_, index) => ({
      index: BigInt(index),
      receiver: keccak_256(word(BigInt(index))).slice(12),
      amount: BigInt(index + 1),
    }));
    const tree = new MerkleTree(
      leaves.map(({ index, receiver, amount }) =>
        bytesToHex(
          keccak_256(keccak_256(encodeArguments("(uint256,address,uint256)", [index, receiver, amount]))),
        ),
      ),
    );
    world.send(
      inbox.call("postBatch", ...(await nextBatch(Uint8Array.from(Buffer.from(tree.root.slice(2), "hex"))))),
    );
    world.send(inbox.call("sendMessage", world.deployer.address, new Uint8Array(0)), { value: ETHER });
    await world.settle();
    let paid = 0;
    return [
      {
        name: "send a message",
        weight: 12,
        run(traffic, sender) {
          const { random: chance } = traffic;
          const message = inbox.call(
            "sendMessage",
            traffic.peerOf(sender).address,
            chance.bytes(chance.below(200)),
          );
          traffic.send(sender, { ...message, value: chance.tokens(0, 1) });
        },
      },
      {
        name: "withdraw",
        weight: 8,
        run(traffic, sender) {
          const number = traffic.takesFailure() || paid === WITHDRAWALS ? 0 : paid++;
          const { index, receiver, amount } = leaves[number] as (typeof leaves)[number]; // in bounds
          traffic.send(sender, inbox.call("withdraw", 0n, index, receiver, amount, tree.proof(number)));
        },
      },
      {
        name: "post a batch",
        weight: 0.4,
        async run(traffic, sender) {
          const batch = await nextBatch(NONE);
          // Whoever has a proof brings it ahead; the sequencer then posts the batch without checking it again.
          if (sharded) traffic.send(sender, inbox.call("prove", ...batch));
          traffic.send(world.deployer, { ...inbox.call("postBatch", ...batch), isVital: true });
        },
      },
    ];
  },
};
