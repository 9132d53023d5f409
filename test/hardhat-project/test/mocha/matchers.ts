// hardhat-ethers and its chai matchers.
import { anyUint, anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";
import { encodeBytes32String, id, parseEther, ZeroAddress } from "ethers";
import { network } from "hardhat";

const { ethers, networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

async function deploy() {
  const [owner, alice, bob] = await ethers.getSigners();
  const token = await ethers.deployContract("Token", [1_000n]);
  const until = (await time.latest()) + 3_600;
  const till = await ethers.deployContract("Till", [token, until], { value: parseEther("2") });
  return { owner, alice, bob, token, till, until };
}

describe("ethers", () => {
  it("deploys, calls and sends", async () => {
    const { owner, alice, token } = await loadFixture(deploy);
    expect(await token.totalSupply()).to.equal(1_000n);
    expect(await token.transfer.staticCall(alice, 5n)).to.equal(true);
    const sent = await token.transfer(alice, 5n);
    const receipt = await sent.wait();
    expect(receipt?.status).to.equal(1);
    expect(receipt?.logs).to.have.lengthOf(1);
    expect(await token.balanceOf(alice)).to.equal(5n);
    expect(await token.queryFilter(token.filters.Transfer(owner), 0)).to.have.lengthOf(1);
    expect(await ethers.provider.getTransactionCount(owner)).to.equal(3);
    const same = await ethers.getContractAt("Token", token);
    expect(await same.connect(alice).balanceOf(alice)).to.equal(5n);
  });

  it("estimates what a transaction takes", async () => {
    const { alice, token } = await loadFixture(deploy);
    const gas = await token.transfer.estimateGas(alice, 5n);
    const receipt = await (await token.transfer(alice, 5n)).wait();
    expect(receipt?.gasUsed).to.equal(gas);
  });

  it("signs", async () => {
    const { alice } = await loadFixture(deploy);
    expect(ethers.verifyMessage("words", await alice.signMessage("words"))).to.equal(alice.address);
    const types = { Order: [{ name: "value", type: "uint256" }] };
    const signature = await alice.signTypedData({ name: "Shop" }, types, { value: 7 });
    expect(ethers.verifyTypedData({ name: "Shop" }, types, { value: 7 }, signature)).to.equal(alice.address);
  });

  it("sends from wallets and by raw transactions", async () => {
    const { owner, token } = await loadFixture(deploy);
    const wallet = new ethers.Wallet(id("a key"), ethers.provider);
    await owner.sendTransaction({ to: wallet, value: parseEther("1") });
    await token.transfer(wallet, 9n);
    const sent = await (token.connect(wallet) as typeof token).transfer(owner, 4n);
    expect((await sent.wait())?.from).to.equal(wallet.address);
    expect(await token.balanceOf(wallet)).to.equal(5n);
  });

  it("shows where in the source a transaction failed", async () => {
    const { alice, token } = await loadFixture(deploy);
    const error: Error = await (token.connect(alice) as typeof token).mint(alice, 1n).then(
      () => new Error("none"),
      (e: Error) => e,
    );
    expect(error.message).to.contain("reverted with custom error 'Forbidden()'");
    expect(error.stack).to.match(/Token\.\w+ \(contracts\/Token\.sol:\d+\)/);
  });

  it("hears events", async () => {
    const { alice, token } = await loadFixture(deploy);
    const heard = new Promise((resolve) => token.once("Transfer", (...args) => resolve(args.slice(0, 3))));
    await token.transfer(alice, 3n);
    expect(((await heard) as unknown[])[2]).to.equal(3n);
  });
});

describe("reverts", () => {
  it("with and without a reason", async () => {
    const { token } = await loadFixture(deploy);
    await expect(token.mint(ZeroAddress, 1n)).to.be.revertedWith("no receiver");
    await expect(token.silent()).to.be.revertedWithoutReason(ethers);
    await expect(token.silent()).to.revert(ethers);
    await expect(token.mint(token, 1n)).to.not.revert(ethers);
    await expect(ethers.deployContract("Token", [10n ** 30n])).to.be.revertedWith("too much");
  });

  it("with custom errors and their arguments", async () => {
    const { alice, token, till, until } = await loadFixture(deploy);
    const asAlice = token.connect(alice) as typeof token;
    await expect(asAlice.mint(alice, 1n)).to.be.revertedWithCustomError(token, "Forbidden");
    await expect(asAlice.transfer(token, 7n))
      .to.be.revertedWithCustomError(token, "InsufficientBalance")
      .withArgs(alice, 0n, 7n);
    await expect(token.deep(3))
      .to.be.revertedWithCustomError(token, "InsufficientBalance")
      .withArgs(token, 1n, 2n);
    await expect(till.pay(alice, 1n))
      .to.be.revertedWithCustomError(till, "TooEarly")
      .withArgs(anyUint, until);
    await expect(till.spread([alice, token], 1n))
      .to.be.revertedWithCustomError(token, "InsufficientBalance")
      .withArgs(till, 0n, anyValue);
  });

  for (const code of [0x01, 0x11, 0x12, 0x21, 0x31, 0x32])
    it(`with panic 0x${code.toString(16)}`, async () => {
      const { token } = await loadFixture(deploy);
      await expect(token.panic(code)).to.be.revertedWithPanic(code);
      await expect(token.panic.staticCall(code)).to.be.revertedWithPanic(code);
    });

  it("are seen as missing", async () => {
    const { alice, token } = await loadFixture(deploy);
    const failure = await Promise.resolve(expect(token.transfer(alice, 1n)).to.be.revertedWith("never")).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(failure).to.contain("but it didn't revert");
  });
});

describe("effects", () => {
  it("events with arguments", async () => {
    const { owner, alice, token, till, until } = await loadFixture(deploy);
    await expect(token.transfer(alice, 5n)).to.emit(token, "Transfer").withArgs(owner, alice, 5n);
    await expect(token.note(encodeBytes32String("x"), "text", [1n, 2n]))
      .to.emit(token, "Note")
      .withArgs(encodeBytes32String("x"), "text", [1n, 2n]);
    await expect(token.transfer(alice, 5n)).to.not.emit(token, "Note");
    await time.increaseTo(until);
    await expect(till.pay(alice, 5n)).to.emit(till, "Paid").withArgs(alice, 5n, anyValue);
  });

  it("balances of ether and tokens", async () => {
    const { owner, alice, bob, token, till, until } = await loadFixture(deploy);
    await time.increaseTo(until);
    await expect(till.pay(alice, 500n)).to.changeEtherBalances(ethers, [till, alice], [-500n, 500n]);
    await expect(owner.sendTransaction({ to: bob, value: 7n })).to.changeEtherBalance(ethers, bob, 7n);
    await expect(token.transfer(bob, 20n)).to.changeTokenBalances(ethers, token, [owner, bob], [-20n, 20n]);
    await expect(token.transfer(bob, 20n)).to.changeTokenBalance(ethers, token, bob, 20n);
  });

  it("addresses and hex", async () => {
    const { owner, token } = await loadFixture(deploy);
    expect(owner.address).to.be.properAddress;
    expect(await token.owner()).to.hexEqual(owner.address.toLowerCase());
    expect(await ethers.provider.getCode(token)).to.match(/^0x60/);
  });
});
