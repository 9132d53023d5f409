// ERC-20 tokens and wrapped ether, with a supply in one slot and without: the same tests for both.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, maxUint256, parseEther, parseSignature, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [issuer, alice, bob, carol] = [0, 1, 2, 3].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
];

for (const name of ["Token", "ShardedSupplyToken"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const token = await chain.deploy(name, ["Braid Token", "BT"]);
      await token.send(issuer, "issue", [alice, bob], 1_000n);
      return token;
    });

    it("moves balances and refuses more than there is", async () => {
      const token = await setUp();
      const receipt = await token.send(alice, "transfer", carol, 5n);
      assert.deepEqual(token.events(receipt, "Transfer"), [{ from: alice, to: carol, value: 5n }]);
      assert.equal(await token.read("balanceOf", alice), 995n);
      assert.equal(await token.read("balanceOf", carol), 5n);
      await reverts(token.send(carol, "transfer", bob, 6n), "ERC20InsufficientBalance", carol, 5n, 6n);
      await reverts(token.send(carol, "transfer", zeroAddress, 1n), "ERC20InvalidReceiver", zeroAddress);
    });

    it("leaves a balance as it is when it is sent to its owner", async () => {
      const token = await setUp();
      await token.send(alice, "transfer", alice, 7n);
      assert.equal(await token.read("balanceOf", alice), 1_000n);
    });

    it("counts a limited allowance down and an unlimited one not", async () => {
      const token = await setUp();
      await token.send(alice, "approve", bob, 10n);
      await token.send(bob, "transferFrom", alice, carol, 4n);
      assert.equal(await token.read("allowance", alice, bob), 6n);
      await reverts(
        token.send(bob, "transferFrom", alice, carol, 7n),
        "ERC20InsufficientAllowance",
        bob,
        6n,
        7n,
      );
      await token.send(alice, "approve", bob, maxUint256);
      await token.send(bob, "transferFrom", alice, carol, 7n);
      assert.equal(await token.read("allowance", alice, bob), maxUint256);
      await reverts(token.send(alice, "approve", zeroAddress, 1n), "ERC20InvalidSpender", zeroAddress);
    });

    it("lets only its issuer create tokens", async () => {
      const token = await setUp();
      await reverts(token.send(alice, "issue", [alice], 1n), "OnlyIssuer");
    });

    it("keeps the supply equal to the sum of the balances, also when others burn than were issued to", async () => {
      const token = await setUp();
      const holders = chain.accounts.slice(0, 8);
      await token.send(alice, "transferToMany", holders, 100n);
      for (const holder of holders) await token.send(holder, "burn", 30n);
      await token.send(issuer, "issue", holders.slice(3), 11n);
      let sum = 0n;
      for (const account of chain.accounts) sum += await token.read("balanceOf", account);
      assert.equal(await token.read("totalSupply"), sum);
      assert.equal(sum, 2_000n - 8n * 30n + 5n * 11n);
      await reverts(token.send(carol, "burn", 10_000n), "ERC20InsufficientBalance");
    });
  });
}

describe("Token", () => {
  it("takes a signed permit once (EIP-2612)", async () => {
    const token = await chain.deploy("Token", ["Braid Token", "BT"]);
    const owner = privateKeyToAccount(`0x${"11".repeat(32)}`);
    const deadline = 2n ** 40n;
    const signature = parseSignature(
      await owner.signTypedData({
        domain: { name: "Braid Token", version: "1", chainId: 31337, verifyingContract: token.address },
        types: {
          Permit: [
            "owner:address",
            "spender:address",
            "value:uint256",
            "nonce:uint256",
            "deadline:uint256",
          ].map((field) => {
            const [fieldName = "", type = ""] = field.split(":");
            return { name: fieldName, type };
          }),
        },
        primaryType: "Permit",
        message: { owner: owner.address, spender: bob, value: 5n, nonce: 0n, deadline },
      }),
    );
    const permit = () =>
      token.send(
        alice,
        "permit",
        owner.address,
        bob,
        5n,
        deadline,
        signature.yParity + 27,
        signature.r,
        signature.s,
      );
    await permit();
    assert.equal(await token.read("allowance", owner.address, bob), 5n);
    await reverts(permit(), "ERC2612InvalidSigner");
  });
});

describe("ShardedSupplyToken", () => {
  it("caps what is created at once, so that its unchecked sum cannot overflow", async () => {
    const token = await chain.deploy("ShardedSupplyToken", ["Braid Token", "BT"]);
    await reverts(token.send(issuer, "issue", [alice], 2n ** 192n), "TooMuchAtOnce");
    await token.send(issuer, "issue", [alice], 2n ** 192n - 1n);
  });
});

for (const name of ["WrappedEther", "SupplylessWrappedEther"]) {
  describe(name, () => {
    it("gives back what was put in, and no more", async () => {
      const weth = await chain.deploy(name);
      await weth.pay(alice, parseEther("3"), "deposit");
      await chain.send({ from: bob, to: weth.address, value: parseEther("2") });
      assert.equal(await weth.read("balanceOf", alice), parseEther("3"));
      assert.equal(await weth.read("totalSupply"), parseEther("5"));
      await reverts(weth.send(bob, "withdraw", parseEther("2") + 1n), "ERC20InsufficientBalance");
      const before = await chain.balance(bob);
      const { gasUsed, effectiveGasPrice } = await weth.send(bob, "withdraw", parseEther("2"));
      assert.equal(
        (await chain.balance(bob)) - before,
        parseEther("2") - BigInt(gasUsed) * BigInt(effectiveGasPrice),
      );
      assert.equal(await chain.balance(weth.address), parseEther("3"));
      assert.equal(await weth.read("totalSupply"), parseEther("3"));
    });
  });
}
