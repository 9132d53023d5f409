// hardhat-viem and its assertions, with the node test runner.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { network } from "hardhat";
import { getAddress, parseEther, toHex, zeroAddress } from "viem";

const { viem, networkHelpers } = await network.create();
const publicClient = await viem.getPublicClient();
const testClient = await viem.getTestClient();
const [owner, alice, bob] = await viem.getWalletClients();

async function deploy() {
  const token = await viem.deployContract("Token", [1_000n]);
  const until = BigInt(await networkHelpers.time.latest()) + 3_600n;
  const till = await viem.deployContract("Till", [token.address, until], { value: parseEther("2") });
  return { token, till, until };
}

describe("viem", () => {
  it("deploys, reads, simulates and writes", async () => {
    const { token } = await networkHelpers.loadFixture(deploy);
    assert.equal(await token.read.totalSupply(), 1_000n);
    const { result } = await token.simulate.transfer([alice.account.address, 5n]);
    assert.equal(result, true);
    const gas = await token.estimateGas.transfer([alice.account.address, 5n]);
    const hash = await token.write.transfer([alice.account.address, 5n]);
    const receipt = await publicClient.waitForTransactionReceipt({ hash });
    assert.equal(receipt.gasUsed, gas);
    assert.equal(await token.read.balanceOf([alice.account.address]), 5n);
    const [event] = await token.getEvents.Transfer({ to: alice.account.address });
    assert.equal(event?.args.value, 5n);
    const { contract, deploymentTransaction } = await viem.sendDeploymentTransaction("Token", [1n]);
    assert.equal(getAddress(contract.address), contract.address);
    assert.equal(deploymentTransaction.to, null);
  });

  it("watches events", async () => {
    const { token } = await networkHelpers.loadFixture(deploy);
    const seen = new Promise((resolve) => {
      const stop = token.watchEvent.Transfer(
        {},
        {
          pollingInterval: 20,
          onLogs: ([log]) => {
            stop();
            resolve(log?.args.value);
          },
        },
      );
    });
    await token.write.transfer([bob.account.address, 8n]);
    assert.equal(await seen, 8n);
  });

  it("has a test client", async () => {
    const { till } = await networkHelpers.loadFixture(deploy);
    await testClient.setBalance({ address: till.address, value: 9n });
    assert.equal(await publicClient.getBalance({ address: till.address }), 9n);
    await testClient.mine({ blocks: 3, interval: 50 });
    await testClient.impersonateAccount({ address: till.address });
    await testClient.setBalance({ address: till.address, value: parseEther("1") });
    const asTill = await viem.getWalletClient(till.address);
    await asTill.sendTransaction({ to: bob.account.address, value: 1n });
    const id = await testClient.snapshot();
    await testClient.increaseTime({ seconds: 100 });
    await testClient.mine({ blocks: 1 });
    await testClient.revert({ id });
    await testClient.setStorageAt({ address: till.address, index: 0, value: toHex(6n, { size: 32 }) });
    assert.equal(await till.read.total(), 6n);
  });

  it("signs and sends", async () => {
    const message = "words";
    const signature = await alice.signMessage({ message });
    assert.ok(await publicClient.verifyMessage({ address: alice.account.address, message, signature }));
    const hash = await alice.sendTransaction({ to: bob.account.address, value: 5n });
    assert.equal((await publicClient.getTransaction({ hash })).value, 5n);
  });
});

describe("assertions", () => {
  it("reverts", async () => {
    const { token } = await networkHelpers.loadFixture(deploy);
    await viem.assertions.revert(token.write.silent());
    await viem.assertions.revertWith(token.write.mint([zeroAddress, 1n]), "no receiver");
    await viem.assertions.revert(token.write.panic([0x11n]));
  });

  it("custom errors", async () => {
    const { token, till, until } = await networkHelpers.loadFixture(deploy);
    const asAlice = await viem.getContractAt("Token", token.address, { client: { wallet: alice } });
    await viem.assertions.revertWithCustomError(
      asAlice.write.mint([bob.account.address, 1n]),
      token,
      "Forbidden",
    );
    await viem.assertions.revertWithCustomErrorWithArgs(
      asAlice.write.transfer([bob.account.address, 7n]),
      token,
      "InsufficientBalance",
      [getAddress(alice.account.address), 0n, 7n],
    );
    await viem.assertions.revertWithCustomErrorWithArgs(token.read.deep([2n]), token, "InsufficientBalance", [
      getAddress(token.address),
      1n,
      2n,
    ]);
    await viem.assertions.revertWithCustomErrorWithArgs(
      till.write.pay([bob.account.address, 1n]),
      till,
      "TooEarly",
      [(at) => at > 0n, until],
    );
  });

  it("events", async () => {
    const { token } = await networkHelpers.loadFixture(deploy);
    await viem.assertions.emit(token.write.transfer([bob.account.address, 1n]), token, "Transfer");
    await viem.assertions.emitWithArgs(token.write.transfer([bob.account.address, 2n]), token, "Transfer", [
      getAddress(owner.account.address),
      getAddress(bob.account.address),
      2n,
    ]);
  });

  it("balances", async () => {
    const { till, until } = await networkHelpers.loadFixture(deploy);
    await networkHelpers.time.increaseTo(until);
    await viem.assertions.balancesHaveChanged(till.write.pay([bob.account.address, 30n]), [
      { address: till.address, amount: -30n },
      { address: bob.account.address, amount: 30n },
    ]);
  });
});
