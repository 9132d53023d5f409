// The rollup's inbox: messages in one queue or in lanes, proofs checked with the batch or ahead of it, withdrawals by Merkle proof.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Groth16, MerkleTree, type Proof } from "@braid/workloads";
import { type Address, encodeAbiParameters, type Hex, keccak256, toHex, zeroHash } from "viem";
import { withRandom } from "../testing/random.ts";
import { reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";
import type { TestContract } from "../testing/test-contract.ts";

const chain = await TestChain.create();
const [sequencer, alice, bob, carol] = [0, 1, 2, 3].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
];
const ETHER = 10n ** 18n;
const ROOT = keccak256(toHex("first state"));

interface Batch {
  previousRoot: Hex;
  newRoot: Hex;
  withdrawals: Hex;
  dataHash: Hex;
  messages: Hex;
}

let counter = 0n;
const numbers = () => BigInt(keccak256(toHex(++counter)));
const groth16 = new Groth16(numbers);

interface Withdrawal {
  index: bigint;
  receiver: Address;
  amount: bigint;
}

const leafOf = ({ index, receiver, amount }: Withdrawal): Hex =>
  keccak256(
    keccak256(
      encodeAbiParameters(
        [{ type: "uint256" }, { type: "address" }, { type: "uint256" }],
        [index, receiver, amount],
      ),
    ),
  );

describe("Groth16Verifier", () => {
  const setUp = chain.fixture(() => chain.deploy("Groth16Verifier", [groth16.key]));
  const check = (verifier: TestContract, proof: Proof, input: bigint) =>
    verifier.read<boolean>("verify", proof, [input]);

  it("accepts proofs of what was proven, and of nothing else", async () => {
    const verifier = await setUp();
    const proof = groth16.prove(1234n, numbers);
    assert.equal(await check(verifier, proof, 1234n), true);
    assert.equal(await check(verifier, groth16.prove(1234n, numbers), 1234n), true);
    assert.equal(await check(verifier, proof, 1235n), false);
    assert.equal(await check(verifier, new Groth16(numbers).prove(1234n, numbers), 1234n), false);
  });

  it("takes points that are not on the curve for no proof", async () => {
    const verifier = await setUp();
    const { a, b, c } = groth16.prove(7n, numbers);
    assert.equal(await check(verifier, { a: { x: a.x, y: a.y + 1n }, b, c }, 7n), false);
    assert.equal(await check(verifier, { a, b, c: { x: c.x + 1n, y: c.y } }, 7n), false);
    assert.equal(await check(verifier, { a, b: { x: [b.x[1], b.x[0]], y: b.y }, c }, 7n), false);
    assert.equal(await check(verifier, { a: { x: a.x, y: 2n ** 256n - 1n }, b, c }, 7n), false);
  });

  it("refuses inputs that are as good as others", async () => {
    const verifier = await setUp();
    const order = await verifier.read("SCALARS");
    const proof = groth16.prove(7n, numbers);
    await reverts(check(verifier, proof, order + 7n), "InputTooLarge", order + 7n);
    await reverts(verifier.read("verify", proof, [7n, 8n]), "WrongNumberOfInputs", 2n, 1n);
    await reverts(chain.deploy("Groth16Verifier", [{ ...groth16.key, inputs: [] }]), "NoInputs");
  });
});

for (const name of ["RollupInbox", "ShardedRollupInbox"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const verifier = await chain.deploy("Groth16Verifier", [groth16.key]);
      const inbox = await chain.deploy(name, [verifier.address, ROOT]);
      /** The messages so far, which the sharded inbox wants to be fixed first. */
      const messages = async () => {
        if (name === "ShardedRollupInbox") await inbox.send(carol, "seal");
        return inbox.read<Hex>("messagesHash");
      };
      const batch = async (changes: Partial<Batch> = {}): Promise<Batch> => ({
        previousRoot: await inbox.read<Hex>("stateRoot"),
        newRoot: keccak256(toHex(numbers())),
        withdrawals: zeroHash,
        dataHash: keccak256(toHex("data")),
        messages: await messages(),
        ...changes,
      });
      const prove = async (one: Batch) =>
        groth16.prove(BigInt(await inbox.read<Hex>("batchHash", one)), numbers);
      const post = async (one: Batch) => inbox.send(sequencer, "postBatch", one, await prove(one));
      return { inbox, batch, prove, post };
    });

    it("moves on with proven batches that follow one another", async () => {
      const { inbox, batch, prove, post } = await setUp();
      const first = await batch();
      await post(first);
      assert.equal(await inbox.read("stateRoot"), first.newRoot);
      await reverts(post(first), "WrongPreviousRoot", ROOT, first.newRoot);
      const second = await batch();
      const proof = await prove(second);
      await reverts(inbox.send(sequencer, "postBatch", { ...second, newRoot: ROOT }, proof), "InvalidProof");
      await reverts(inbox.send(alice, "postBatch", second, proof), "AccessControlUnauthorizedAccount");
      await inbox.send(sequencer, "postBatch", second, proof);
    });

    it("takes in messages as they came", async () => {
      const { inbox, batch, post } = await setUp();
      const before = await batch();
      await inbox.pay(alice, ETHER, "sendMessage", bob, "0x1234");
      await inbox.send(bob, "sendMessage", alice, "0x");
      assert.equal(await inbox.read("messageCount"), 2n);
      const after = await batch();
      assert.notEqual(before.messages, after.messages);
      await reverts(post({ ...after, messages: keccak256(toHex("others")) }), "UnknownMessages");
      // A batch need not have the last ones.
      await post(before);
      await post({ ...after, previousRoot: before.newRoot });
      assert.equal(await chain.balance(inbox.address), ETHER);
    });

    it("pays withdrawals once, to whom they belong", async () => {
      const { inbox, batch, post } = await setUp();
      await inbox.pay(alice, 100n * ETHER, "sendMessage", bob, "0x");
      const withdrawals = [bob, carol, bob, carol, bob].map((receiver, index) => ({
        index: BigInt(index),
        receiver,
        amount: BigInt(index + 1) * ETHER,
      }));
      const tree = new MerkleTree(withdrawals.map(leafOf));
      await post(await batch({ withdrawals: tree.root }));
      const withdraw = (number: number, changes: Partial<Withdrawal> = {}) => {
        const { index, receiver, amount } = { ...(withdrawals[number] as Withdrawal), ...changes };
        return inbox.send(sequencer, "withdraw", 0n, index, receiver, amount, tree.proof(number));
      };
      const [bobBefore, carolBefore] = [await chain.balance(bob), await chain.balance(carol)];
      await reverts(withdraw(1, { receiver: bob }), "NotWithdrawn", 0n, 1n);
      await reverts(withdraw(1, { amount: 3n * ETHER }), "NotWithdrawn", 0n, 1n);
      await reverts(withdraw(1, { index: 2n }), "NotWithdrawn", 0n, 2n);
      for (const number of [3, 0, 4, 1, 2]) {
        await withdraw(number);
        assert.equal(await inbox.read("isPaid", 0n, BigInt(number)), true);
        await reverts(withdraw(number), "AlreadyPaid", 0n, BigInt(number));
      }
      assert.equal((await chain.balance(bob)) - bobBefore, 9n * ETHER);
      assert.equal((await chain.balance(carol)) - carolBefore, 6n * ETHER);
      await reverts(inbox.send(bob, "withdraw", 1n, 0n, bob, ETHER, tree.proof(0)), "UnknownBatch", 1n);
    });

    it("pays no more than came in", async () => {
      await withRandom(async (random) => {
        const { inbox, batch, post } = await setUp();
        let held = 0n;
        for (let round = 0; round < 5; round++) {
          const withdrawals: Withdrawal[] = [];
          for (let i = 0; i < 6; i++) {
            const amount = BigInt(random.between(0, 1_000_000));
            await inbox.pay(
              random.pick([alice, bob, carol]),
              amount,
              "sendMessage",
              bob,
              toHex(random.bytes(8)),
            );
            held += amount;
            withdrawals.push({ index: BigInt(i), receiver: bob, amount: amount / 2n });
          }
          const tree = new MerkleTree(withdrawals.map(leafOf));
          await post(await batch({ withdrawals: tree.root }));
          for (const { index, receiver, amount } of withdrawals.filter(() => random.chance(60))) {
            await inbox.send(
              carol,
              "withdraw",
              BigInt(round),
              index,
              receiver,
              amount,
              tree.proof(Number(index)),
            );
            held -= amount;
          }
          assert.equal(await chain.balance(inbox.address), held);
        }
        assert.equal(await inbox.read("messageCount"), 30n);
      });
    });
  });
}

describe("ShardedRollupInbox", () => {
  const setUp = chain.fixture(async () => {
    const verifier = await chain.deploy("Groth16Verifier", [groth16.key]);
    return chain.deploy("ShardedRollupInbox", [verifier.address, ROOT]);
  });

  it("takes a proof ahead of its batch, from anybody", async () => {
    const inbox = await setUp();
    const batch: Batch = {
      previousRoot: ROOT,
      newRoot: keccak256(toHex("next")),
      withdrawals: zeroHash,
      dataHash: zeroHash,
      messages: await inbox.read<Hex>("messagesHash"),
    };
    const proof = groth16.prove(BigInt(await inbox.read<Hex>("batchHash", batch)), numbers);
    const wrong = groth16.prove(5n, numbers);
    await reverts(inbox.send(carol, "prove", batch, wrong), "InvalidProof");
    await reverts(inbox.send(sequencer, "postBatch", batch, wrong), "InvalidProof");
    await inbox.send(carol, "prove", batch, proof);
    await inbox.send(sequencer, "postBatch", batch, wrong);
    assert.equal(await inbox.read("stateRoot"), batch.newRoot);
  });

  it("takes in only what was sealed", async () => {
    const inbox = await setUp();
    await inbox.send(alice, "sendMessage", bob, "0x01");
    const messages = await inbox.read<Hex>("messagesHash");
    const batch = {
      previousRoot: ROOT,
      newRoot: zeroHash,
      withdrawals: zeroHash,
      dataHash: zeroHash,
      messages,
    };
    const proof = groth16.prove(BigInt(await inbox.read<Hex>("batchHash", batch)), numbers);
    await reverts(inbox.send(sequencer, "postBatch", batch, proof), "UnknownMessages", messages);
    await inbox.send(bob, "seal");
    await inbox.send(sequencer, "postBatch", batch, proof);
  });
});
