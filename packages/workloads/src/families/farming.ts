// Staking for rewards, and a vault that compounds them.
import { ETHER } from "../chain/genesis.ts";
import type { Action } from "../traffic/traffic.ts";
import { BOTH, type Family } from "./family.ts";

const REWARD = 10n * ETHER;
/** Blocks of an epoch. */
const EPOCH = 5n;

export const FARMING_FAMILY: Family = {
  name: "farming",
  description: "stakes, harvests and compounding, with an index in every call or by epochs",
  variants: BOTH,
  async setUp(world, variant) {
    const epochs = variant === "parallel";
    const farms = world.each((index) => {
      const token = world.createToken(`F${index}`);
      const rate = epochs ? [REWARD * EPOCH, EPOCH] : [REWARD];
      const farm = world.create(epochs ? "EpochFarm" : "Farm", token.address, token.address, ...rate);
      world.allow(token, farm);
      world.send(farm.call("fund", 100_000n * ETHER));
      for (const from of world.users) world.send(farm.call("stake", 100n * ETHER), { from });
      return { token, farm };
    });
    await world.settle();
    const actions: Action[] = [
      {
        name: "stake",
        weight: 6,
        run(traffic, sender) {
          const amount = traffic.takesFailure() ? 10n ** 9n * ETHER : traffic.random.tokens(1, 100);
          traffic.send(sender, traffic.popular(farms).farm.call("stake", amount));
        },
      },
      {
        name: "unstake",
        weight: 4,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(farms).farm.call("unstake", traffic.random.tokens(1, 20)));
        },
      },
      {
        name: "harvest",
        weight: 6,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(farms).farm.call("harvest"));
        },
      },
    ];
    if (epochs) return actions;
    const compounders = farms.map(({ token, farm }) => {
      const compounder = world.create("Compounder", farm.address);
      world.allow(token, compounder);
      return compounder;
    });
    await world.settle();
    return [
      ...actions,
      {
        name: "deposit to compound",
        weight: 3,
        run(traffic, sender) {
          const compounder = traffic.popular(compounders);
          traffic.send(sender, compounder.call("deposit", traffic.random.tokens(1, 100), sender.address));
        },
      },
      {
        name: "compound",
        weight: 0.5,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(compounders).call("compound"));
        },
      },
    ];
  },
};
