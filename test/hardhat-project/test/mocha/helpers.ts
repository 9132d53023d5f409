// hardhat-network-helpers.
import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

const { ethers, networkHelpers, provider } = await network.create();
const { loadFixture, mine, mineUpTo, takeSnapshot, time } = networkHelpers;

async function deploy() {
  const [owner, alice] = await ethers.getSigners();
  const token = await ethers.deployContract("Token", [1_000n]);
  const till = await ethers.deployContract("Till", [token, (await time.latest()) + 1_000], { value: 5n });
  return { owner, alice, token, till };
}

describe("fixtures", () => {
  for (let i = 0; i < 50; i++)
    it(`begin anew, ${i}`, async () => {
      const { alice, token } = await loadFixture(deploy);
      expect(await token.balanceOf(alice)).to.equal(0n);
      await token.transfer(alice, 100n);
      await mine(i);
    });

  it("are states that one can go back to", async () => {
    const { alice, token } = await loadFixture(deploy);
    const before = await takeSnapshot();
    await token.transfer(alice, 1n);
    const after = await takeSnapshot();
    await before.restore();
    expect(await token.balanceOf(alice)).to.equal(0n);
    const failure = await after.restore().then(
      () => "",
      (error: Error) => error.message,
    );
    expect(failure).to.match(/invalid snapshot/i);
  });
});

describe("time", () => {
  it("goes where it is told", async () => {
    const { till } = await loadFixture(deploy);
    const start = await time.latest();
    expect(await time.increase(60)).to.equal(start + 60);
    await time.increaseTo(start + 500);
    expect(await time.latest()).to.equal(start + 500);
    await time.setNextBlockTimestamp(start + 600);
    await mine();
    expect((await till.context())[1]).to.equal(BigInt(start + 600));
    await mine(3, { interval: 100 });
    expect(await time.latest()).to.equal(start + 801);
    const failure = await time.increaseTo(start).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(failure).to.contain("is lower than");
  });

  it("blocks are mined up to a number", async () => {
    await loadFixture(deploy);
    const height = await time.latestBlock();
    await mineUpTo(height + 1_500);
    expect(await time.latestBlock()).to.equal(height + 1_500);
    await mine(0x400);
    expect(await ethers.provider.getBlockNumber()).to.equal(height + 1_500 + 0x400);
  });
});

describe("accounts", () => {
  it("anybody can be impersonated", async () => {
    const { owner, token, till } = await loadFixture(deploy);
    await networkHelpers.impersonateAccount(till.target as string);
    await networkHelpers.setBalance(till.target as string, parseEther("1"));
    await token.transfer(till, 10n);
    const asTill = await ethers.getSigner(till.target as string);
    await (token.connect(asTill) as typeof token).transfer(owner, 4n);
    expect(await token.balanceOf(till)).to.equal(6n);
    await networkHelpers.stopImpersonatingAccount(till.target as string);
    const failure = await (token.connect(asTill) as typeof token).transfer(owner, 1n).then(
      () => "",
      (e: Error) => e.message,
    );
    expect(failure).to.contain("Unknown account");
  });

  it("balance, nonce, code and storage can be set", async () => {
    const { alice, token } = await loadFixture(deploy);
    await networkHelpers.setBalance(alice.address, 77n);
    expect(await ethers.provider.getBalance(alice)).to.equal(77n);
    await networkHelpers.setNonce(alice.address, 40);
    expect(await ethers.provider.getTransactionCount(alice)).to.equal(40);
    const other = `0x${"ab".repeat(20)}`;
    await networkHelpers.setCode(other, await ethers.provider.getCode(token));
    await networkHelpers.setStorageAt(other, 0, 123);
    expect(await networkHelpers.getStorageAt(other, 0)).to.equal(`0x${(123).toString(16).padStart(64, "0")}`);
    expect(await (await ethers.getContractAt("Token", other)).totalSupply()).to.equal(123n);
  });
});

describe("blocks", () => {
  it("have what is set for them", async () => {
    const { alice, till } = await loadFixture(deploy);
    await networkHelpers.setCoinbase(alice.address);
    await networkHelpers.setPrevRandao(99);
    await networkHelpers.setNextBlockBaseFeePerGas(10n ** 9n);
    await networkHelpers.setBlockGasLimit(9_000_000);
    await mine();
    const block = await ethers.provider.getBlock("latest");
    expect(block).to.include({ miner: alice.address, baseFeePerGas: 10n ** 9n, gasLimit: 9_000_000n });
    expect((await till.context())[4]).to.equal(99n);
  });

  it("wait until they are mined", async () => {
    const { owner, alice, token } = await loadFixture(deploy);
    await provider.request({ method: "evm_setAutomine", params: [false] });
    try {
      const nonce = await owner.getNonce();
      const options = { gasLimit: 100_000n };
      const one = await token.transfer(alice, 1n, options);
      const two = await token.transfer(alice, 2n, options);
      expect(await ethers.provider.send("eth_pendingTransactions", [])).to.have.lengthOf(2);
      expect(await ethers.provider.getTransactionCount(owner, "pending")).to.equal(nonce + 2);
      expect(await networkHelpers.dropTransaction(two.hash)).to.equal(true);
      await mine();
      expect((await one.wait())?.blockNumber).to.equal(await time.latestBlock());
      expect(await token.balanceOf(alice)).to.equal(1n);
      expect(await ethers.provider.getTransactionReceipt(two.hash)).to.equal(null);
    } finally {
      await provider.request({ method: "evm_setAutomine", params: [true] });
    }
  });
});
