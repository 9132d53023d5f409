// Supply chains: one log for all goods, and a log for each batch.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, type Hex, keccak256, toHex, zeroHash } from "viem";
import { reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [admin, maker, carrier, seller, inspector, stranger] = [0, 1, 2, 3, 4, 5].map((index) =>
  chain.account(index),
) as [Address, Address, Address, Address, Address, Address];
const GOODS = keccak256(toHex("vaccine, lot 7"));
/** SupplyChainBase.Status */
const [HELD, OFFERED, SOLD, RECALLED] = [1, 2, 3, 4];

for (const name of ["SupplyChain", "SupplyChainPerBatch"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const goods = await chain.deploy(name);
      const roles = {
        MAKER_ROLE: maker,
        CARRIER_ROLE: carrier,
        SELLER_ROLE: seller,
        INSPECTOR_ROLE: inspector,
      };
      for (const [role, account] of Object.entries(roles))
        await goods.send(admin, "grantRole", await goods.read<Hex>(role), account);
      const make = async () => {
        const receipt = await goods.send(maker, "make", 100n, 200, 800, GOODS);
        return goods.events(receipt, "BatchMade")[0]?.["id"] as Hex;
      };
      const pass = async (id: Hex, from: Address, to: Address) => {
        await goods.send(from, "offer", id, to);
        await goods.send(to, "accept", id);
      };
      const statusIs = async (id: Hex, wanted: number | undefined) =>
        assert.equal((await goods.read<unknown[]>("batches", id))[2], wanted);
      return { goods, make, pass, statusIs };
    });

    it("follows goods from their maker to their seller", async () => {
      const { goods, make, pass, statusIs } = await setUp();
      const id = await make();
      await pass(id, maker, carrier);
      await goods.send(carrier, "measure", id, 500);
      await goods.send(carrier, "offer", id, seller);
      await statusIs(id, OFFERED);
      await goods.send(seller, "accept", id);
      await statusIs(id, HELD);
      await goods.send(seller, "sell", id);
      await statusIs(id, SOLD);
      await reverts(goods.send(seller, "measure", id, 500), "WrongStatus");
      const other = await make();
      assert.notEqual(other, id);
    });

    it("lets each do what is its own", async () => {
      const { goods, make } = await setUp();
      await reverts(goods.send(stranger, "make", 1n, 0, 1, GOODS), "AccessControlUnauthorizedAccount");
      await reverts(goods.send(maker, "make", 0n, 0, 1, GOODS), "InvalidBatch");
      await reverts(goods.send(maker, "make", 1n, 2, 1, GOODS), "InvalidBatch");
      const id = await make();
      await reverts(goods.send(maker, "offer", id, stranger), "InvalidReceiver", stranger);
      await reverts(goods.send(carrier, "offer", id, seller), "NotTheHolder", maker);
      await reverts(goods.send(carrier, "accept", id), "WrongStatus");
      await goods.send(maker, "offer", id, carrier);
      await reverts(goods.send(seller, "accept", id), "NotTheReceiver", carrier);
      await reverts(goods.send(carrier, "measure", id, 500), "NotTheHolder", maker);
      await reverts(goods.send(maker, "sell", id), "AccessControlUnauthorizedAccount");
      await reverts(goods.send(carrier, "recall", id, zeroHash), "MayNotRecall", carrier);
    });

    it("sells nothing that was once too warm, and stops what is recalled", async () => {
      const { goods, make, pass, statusIs } = await setUp();
      const warm = await make();
      await pass(warm, maker, seller);
      const receipt = await goods.send(seller, "measure", warm, 801);
      assert.equal(goods.events(receipt, "Measured")[0]?.["withinLimits"], false);
      await goods.send(seller, "measure", warm, 500);
      await reverts(goods.send(seller, "sell", warm), "Spoiled", warm);
      const bad = await make();
      await pass(bad, maker, seller);
      await goods.send(seller, "sell", bad);
      await goods.send(inspector, "recall", bad, GOODS);
      await statusIs(bad, RECALLED);
      await reverts(goods.send(maker, "recall", bad, GOODS), "WrongStatus");
    });
  });
}

describe("the logs", () => {
  it("are one chain for all goods, or one for each batch", async () => {
    for (const name of ["SupplyChain", "SupplyChainPerBatch"]) {
      const goods = await chain.deploy(name);
      await goods.send(admin, "grantRole", await goods.read<Hex>("MAKER_ROLE"), maker);
      const ids: Hex[] = [];
      for (let i = 0; i < 2; i++) {
        const receipt = await goods.send(maker, "make", 1n, 0, 1, GOODS);
        ids.push(goods.events(receipt, "BatchMade")[0]?.["id"] as Hex);
      }
      await goods.send(maker, "measure", ids[0], 0);
      if (name === "SupplyChain") {
        assert.equal(await goods.read("logLength"), 3n);
        assert.notEqual(await goods.read<Hex>("logHead"), zeroHash);
      } else {
        assert.deepEqual(await Promise.all(ids.map((id) => goods.read("logLengthOf", id))), [2n, 1n]);
        const heads = await Promise.all(ids.map((id) => goods.read<Hex>("logHeadOf", id)));
        assert.notEqual(heads[0], heads[1]);
      }
    }
  });
});
