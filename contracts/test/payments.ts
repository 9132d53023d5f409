// Payment splitters: one that looks at its balance, one that counts what comes in.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, getAddress, keccak256, slice, toHex, zeroAddress } from "viem";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const parts = [1n, 2n, 4n];

for (const name of ["PaymentSplitter", "ShardedPaymentSplitter"]) {
  // Nobody's, so that their balances change by what they are paid alone.
  const payees = [1, 2, 3].map((index) => getAddress(slice(keccak256(toHex(`${name} ${index}`)), 0, 20)));

  describe(name, () => {
    const setUp = chain.fixture(() => chain.deploy(name, [payees, parts]));

    it("pays each payee its part of everything that came in, when it asks", async () => {
      const splitter = await setUp();
      const [first, second, third] = payees as [Address, Address, Address];
      await chain.send({ from: chain.account(1), to: splitter.address, value: 700n });
      await splitter.send(chain.account(0), "release", first);
      assert.equal(await chain.balance(first), 100n);
      await chain.send({ from: chain.account(2), to: splitter.address, value: 1_400n });
      assert.equal(await splitter.read("totalReceived"), 2_100n);
      for (const payee of payees) await splitter.send(chain.account(0), "release", payee);
      assert.deepEqual(await Promise.all([first, second, third].map((payee) => chain.balance(payee))), [
        300n,
        600n,
        1_200n,
      ]);
      await reverts(splitter.send(chain.account(0), "release", first), "NothingDue", first);
      await reverts(
        splitter.send(chain.account(0), "release", chain.account(0)),
        "NothingDue",
        chain.account(0),
      );
    });

    it("refuses payees that cannot be", async () => {
      await reverts(chain.deploy(name, [[], []]), "PayeesAndParts");
      await reverts(chain.deploy(name, [payees, [1n]]), "PayeesAndParts");
      await reverts(chain.deploy(name, [[zeroAddress], [1n]]), "InvalidPayee");
      await reverts(
        chain.deploy(name, [
          [payees[0], payees[0]],
          [1n, 1n],
        ]),
        "InvalidPayee",
      );
      await reverts(chain.deploy(name, [[payees[0]], [0n]]), "InvalidPayee");
    });

    it("never owes more than it has", async () => {
      await withRandom(async (random) => {
        const splitter = await setUp();
        let received = 0n;
        let releases = 0;
        for (let step = 0; step < 80; step++) {
          if (random.chance(50)) {
            const value = BigInt(random.below(2 ** 32));
            await chain.send({ from: chain.account(random.below(10)), to: splitter.address, value });
            received += value;
          } else if (await attempt(splitter.send(chain.account(0), "release", random.pick(payees))))
            releases++;
          assert.equal(await splitter.read("totalReceived"), received);
          let due = 0n;
          for (const payee of payees) due += await splitter.read("due", payee);
          const held = await chain.balance(splitter.address);
          assert(due <= held && held - due < 3n, `${due} due of ${held}`);
        }
        assert(releases > 0);
      });
    });
  });
}
