import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

const { ethers, networkHelpers } = await network.create();
const PRICE = parseEther("0.1");

async function deploy() {
  const [hall, alice, bob] = await ethers.getSigners();
  return { hall, alice, bob, tickets: await ethers.deployContract("Tickets", [PRICE, 3n]) };
}

describe("Tickets, with ethers", () => {
  it("sells numbers one after the other", async () => {
    const { alice, bob, tickets } = await networkHelpers.loadFixture(deploy);
    await expect(tickets.connect(alice).buy({ value: PRICE }))
      .to.emit(tickets, "Bought")
      .withArgs(alice, 1n);
    await expect(tickets.connect(bob).buy({ value: PRICE }))
      .to.emit(tickets, "Bought")
      .withArgs(bob, 2n);
    expect(await tickets.sold()).to.equal(2n);
  });

  it("takes its price", async () => {
    const { alice, tickets } = await networkHelpers.loadFixture(deploy);
    await expect(tickets.connect(alice).buy({ value: 1n }))
      .to.be.revertedWithCustomError(tickets, "WrongPrice")
      .withArgs(1n, PRICE);
    await expect(tickets.connect(alice).buy({ value: PRICE })).to.changeEtherBalances(
      ethers,
      [alice, tickets],
      [-PRICE, PRICE],
    );
  });

  it("ends when the hall is full", async () => {
    const { tickets } = await networkHelpers.loadFixture(deploy);
    for (let i = 0; i < 3; i++) await tickets.buy({ value: PRICE });
    await expect(tickets.buy({ value: PRICE })).to.be.revertedWithCustomError(tickets, "SoldOut");
  });

  it("pays the hall", async () => {
    const { hall, alice, tickets } = await networkHelpers.loadFixture(deploy);
    await tickets.connect(alice).buy({ value: PRICE });
    await expect(tickets.connect(alice).collect()).to.changeEtherBalance(ethers, hall, PRICE);
  });
});
