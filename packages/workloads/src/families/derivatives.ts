// Futures and options on margin.
import { ETHER } from "../chain/genesis.ts";
import type { AbiValue } from "../contracts/abi.ts";
import { LATER, UNLIMITED } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

const AGE = 100n * 365n * 24n * 3_600n;
const PRICE = 2_000n * ETHER;
const DESKS = 8;

export const DERIVATIVES_FAMILY: Family = {
  name: "derivatives",
  description: "futures traded and liquidated, options offered and bought, margin paid in and out",
  variants: BOTH,
  async setUp(world, variant) {
    const sharded = variant === "parallel";
    const token = world.createToken("USD");
    const vault = world.create(sharded ? "ShardedMarginVault" : "MarginVault", token.address);
    world.allow(token, vault);
    world.send(vault.call("deposit", 900_000n * ETHER, world.deployer.address));
    for (const from of world.users)
      world.send(vault.call("deposit", 500_000n * ETHER, from.address), { from });
    // A vault takes eight products at most.
    const products = world.each((index) => index).slice(0, 4);
    const futures = products.map(() => {
      const oracle = world.create("FeedOracle", AGE, PRICE);
      const house = world.create(sharded ? "ShardedFutures" : "Futures", vault.address, oracle.address);
      world.send(vault.call("addProduct", house.address, true));
      const desks = sharded ? DESKS : 1;
      for (let desk = 0; desk < desks; desk++)
        world.send(house.call("fundHouse", desk, (200_000n * ETHER) / BigInt(desks)));
      return { oracle, house };
    });
    const options = world.create(
      sharded ? "OptionsPerWriter" : "Options",
      vault.address,
      futures[0]?.oracle.address ?? vault.address,
    );
    world.send(vault.call("addProduct", options.address, false));
    await world.settle();
    const series = world.each((index): AbiValue => [PRICE + BigInt(index) * ETHER, LATER, index % 2 === 0]);
    const writers = world.users.slice(0, Math.max(1, world.users.length >> 2));
    for (const one of series)
      for (const from of writers) world.send(options.call("offer", one, ETHER, 1_000n * ETHER), { from });
    await world.settle();
    return [
      {
        name: "trade futures",
        weight: 10,
        run(traffic, sender) {
          const { random } = traffic;
          const size = random.tokens(0, 2) + 1n;
          const limit = traffic.takesFailure() ? 1n : UNLIMITED;
          const { house } = traffic.popular(futures);
          if (random.chance(50)) traffic.send(sender, house.call("trade", size, limit));
          else traffic.send(sender, house.call("trade", -size, 0n));
        },
      },
      {
        name: "buy options",
        weight: 6,
        run(traffic, sender) {
          const writer = traffic.popular(writers).address;
          const amount = traffic.random.tokens(0, 1) + 1n;
          traffic.send(sender, options.call("buy", traffic.popular(series), writer, amount, UNLIMITED));
        },
      },
      {
        name: "offer options",
        weight: 2,
        run(traffic, sender) {
          const premium = traffic.random.tokens(1, 3);
          traffic.send(sender, options.call("offer", traffic.popular(series), premium, 1_000n * ETHER));
        },
      },
      {
        name: "deposit or withdraw margin",
        weight: 4,
        run(traffic, sender) {
          const name = traffic.random.chance(50) ? "deposit" : "withdraw";
          traffic.send(sender, vault.call(name, traffic.random.tokens(1, 50), sender.address));
        },
      },
      {
        name: "report and liquidate",
        weight: 0.3,
        run(traffic, sender) {
          const { oracle, house } = traffic.popular(futures);
          const price = (PRICE * BigInt(traffic.random.between(80, 120))) / 100n;
          traffic.send(world.deployer, oracle.call("report", price));
          traffic.send(sender, house.call("liquidate", traffic.peerOf(sender).address));
        },
      },
    ];
  },
};
