import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { network } from "hardhat";

describe("Counter", () => {
  it("counts", async () => {
    const { viem } = await network.create();
    const counter = await viem.deployContract("Counter");
    await counter.write.add([5n]);
    assert.equal(await counter.read.count(), 5n);
  });

  it("shows where it fails", async () => {
    const { viem } = await network.create();
    const counter = await viem.deployContract("Counter");
    await assert.rejects(counter.write.add([0n]), (error: Error) => {
      let cause: unknown = error;
      while (cause instanceof Error && cause.name !== "SolidityError") cause = cause.cause;
      assert.match(
        String((cause as { solidityStack?: string }).solidityStack),
        /Counter\.add \(contracts\/Counter\.sol:10\)/,
      );
      return true;
    });
  });

  it("counts in a large block, on threads", async () => {
    const { viem, provider } = await network.create();
    const counter = await viem.deployContract("Counter");
    const wallets = await viem.getWalletClients();
    await provider.request({ method: "evm_setAutomine", params: [false] });
    await Promise.all(wallets.map(({ account }) => counter.write.add([1n], { account, gas: 100_000n })));
    await provider.request({ method: "evm_mine" });
    assert.equal(await counter.read.count(), BigInt(wallets.length));
  });
});
