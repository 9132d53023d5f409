import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { network } from "hardhat";
import { getAddress, parseEther, zeroAddress } from "viem";
import TicketsModule from "../../ignition/modules/tickets.ts";

const { ignition, networkHelpers, viem } = await network.create();
const [, alice, bob] = await viem.getWalletClients();
const PRICE = parseEther("0.1");

async function deploy() {
  const { tickets } = await ignition.deploy(TicketsModule);
  const asAlice = await viem.getContractAt("Tickets", tickets.address, { client: { wallet: alice } });
  return { tickets, asAlice };
}

describe("Tickets, with viem", () => {
  it("can be given away by their owners", async () => {
    const { tickets, asAlice } = await networkHelpers.loadFixture(deploy);
    await asAlice.write.buy({ value: PRICE });
    await viem.assertions.emitWithArgs(asAlice.write.give([1n, bob.account.address]), tickets, "Given", [
      getAddress(alice.account.address),
      getAddress(bob.account.address),
      1n,
    ]);
    assert.equal(await tickets.read.countOf([bob.account.address]), 1n);
    await viem.assertions.revertWithCustomErrorWithArgs(
      asAlice.write.give([2n, bob.account.address]),
      tickets,
      "NotYours",
      [2n, zeroAddress],
    );
  });

  it("a hundred users buy in one block", async () => {
    const { tickets } = await networkHelpers.loadFixture(deploy);
    const testClient = await viem.getTestClient();
    const wallets = await viem.getWalletClients();
    await testClient.setAutomine(false);
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        tickets.write.buy({ account: wallets[i % wallets.length]?.account, value: PRICE, gas: 200_000n }),
      ),
    );
    await testClient.mine({ blocks: 1 });
    await testClient.setAutomine(true);
    assert.equal(await tickets.read.sold(), 100n);
    assert.equal(await tickets.read.countOf([bob.account.address]), 5n);
  });
});
