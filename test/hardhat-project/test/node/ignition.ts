// hardhat-ignition: deploying, going on where it stopped, and failing.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { network } from "hardhat";
import Shop from "../../ignition/modules/shop.ts";

describe("ignition", () => {
  it("deploys a module, its calls and what depends on them", async () => {
    const { ignition } = await network.create();
    const { token, till } = await ignition.deploy(Shop, { parameters: { Shop: { supply: 500n } } });
    assert.equal(await token.read.balanceOf([till.address]), 50n);
    assert.equal((await till.read.token()).toLowerCase(), token.address.toLowerCase());
  });

  it("goes on from a module that is there", async () => {
    const { ignition } = await network.create();
    const More = buildModule("More", (m) => {
      const { token } = m.useModule(Shop);
      m.call(token, "transfer", [m.getAccount(2), 7n]);
      return { token };
    });
    const first = await ignition.deploy(Shop);
    const second = await ignition.deploy(More);
    assert.equal(typeof second.token.address, "string");
    assert.equal(typeof first.token.address, "string");
  });

  it("tells why it cannot", async () => {
    const { ignition } = await network.create();
    const failure = await ignition.deploy(Shop, { parameters: { Shop: { supply: 10n ** 31n } } }).then(
      () => "",
      (error: Error) => error.message,
    );
    assert.match(failure, /too much/);
    const Wrong = buildModule("Wrong", (m) => {
      const token = m.contract("Token", [1n]);
      m.call(token, "transfer", [m.getAccount(1), 2n]);
      return { token };
    });
    const second = await ignition.deploy(Wrong).then(
      () => "",
      (error: Error) => error.message,
    );
    assert.match(second, /InsufficientBalance/);
  });
});
