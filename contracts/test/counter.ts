// One counter, in one slot and in many.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();

for (const name of ["Counter", "ShardedCounter"]) {
  describe(name, () => {
    it("counts for each account and in all", async () => {
      const counter = await chain.deploy(name);
      for (let i = 0; i < 12; i++) {
        const account = chain.account(i % 5);
        const receipt = await counter.send(account, "count");
        assert.deepEqual(counter.events(receipt, "Counted"), [
          { account, ofAccount: BigInt(Math.floor(i / 5) + 1) },
        ]);
      }
      assert.equal(await counter.read("total"), 12n);
      assert.equal(await counter.read("countOf", chain.account(1)), 3n);
      assert.equal(await counter.read("countOf", chain.account(2)), 2n);
    });
  });
}
