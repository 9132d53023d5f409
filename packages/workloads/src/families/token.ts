// ERC-20 tokens and wrapped ether.

import type { SigningAccount } from "../chain/accounts.ts";
import { ETHER } from "../chain/genesis.ts";
import { type Contract, creationOf } from "../contracts/contract.ts";
import { BOTH, type Family } from "./family.ts";

/** More than anybody has. */
const TOO_MUCH = 10n ** 12n * ETHER;

interface Grant {
  owner: SigningAccount;
  spender: SigningAccount;
  token: Contract;
}

export const TOKEN_FAMILY: Family = {
  name: "token",
  description:
    "transfers, allowances given and spent, payments to many, tokens issued and burnt, ether wrapped and unwrapped",
  variants: BOTH,
  async setUp(world, variant) {
    const sharded = variant === "parallel";
    const tokens = world.each((index) =>
      world.createToken(`T${index}`, sharded ? "ShardedSupplyToken" : "Token"),
    );
    const weth = world.create(sharded ? "SupplylessWrappedEther" : "WrappedEther");
    await world.settle();
    for (const from of world.users) world.send(weth.call("deposit"), { from, value: 100n * ETHER });
    await world.settle();
    const grants: Grant[] = [];
    return [
      {
        name: "transfer",
        weight: 26,
        run(traffic, sender) {
          const { random } = traffic;
          const to = random.chance(8) ? random.bytes(20) : traffic.peerOf(sender).address;
          const value = traffic.takesFailure() ? TOO_MUCH : random.tokens(0, 200);
          traffic.send(sender, traffic.popular(tokens).call("transfer", to, value));
        },
      },
      {
        name: "grant an allowance",
        weight: 4,
        run(traffic, sender) {
          const grant = { owner: sender, spender: traffic.peerOf(sender), token: traffic.popular(tokens) };
          traffic.send(
            sender,
            grant.token.call("approve", grant.spender.address, traffic.random.tokens(100, 2_000)),
          );
          grants.push(grant);
        },
      },
      {
        // The allowance may be used up by now: then the transaction fails, as they do.
        name: "spend an allowance",
        weight: 5,
        run(traffic, sender) {
          const { random } = traffic;
          if (grants.length === 0) return;
          const { owner, spender, token } = random.pick(grants.slice(-200));
          const value = traffic.takesFailure() ? TOO_MUCH : random.tokens(0, 150);
          traffic.send(spender, token.call("transferFrom", owner.address, sender.address, value));
        },
      },
      {
        name: "pay many",
        weight: 0.6,
        run(traffic, sender) {
          const { random } = traffic;
          const to = Array.from({ length: random.between(5, 30) }, () => traffic.peerOf(sender).address);
          traffic.send(sender, traffic.popular(tokens).call("transferToMany", to, random.tokens(1, 5)));
        },
      },
      {
        name: "burn",
        weight: 2,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(tokens).call("burn", traffic.random.tokens(0, 10)));
        },
      },
      {
        name: "issue",
        weight: 1,
        run(traffic) {
          const to = [traffic.popular(traffic.users).address];
          traffic.send(
            world.deployer,
            traffic.popular(tokens).call("issue", to, traffic.random.tokens(1, 100)),
          );
        },
      },
      {
        name: "wrap or unwrap ether",
        weight: 6,
        run(traffic, sender) {
          const { random } = traffic;
          if (random.chance(50)) return traffic.send(sender, weth.call("withdraw", random.tokens(0, 2)));
          // Half of them call deposit(), half just send ether: both end in the same code.
          const message = random.chance(50) ? weth.call("deposit") : { to: weth.address };
          traffic.send(sender, { ...message, value: random.tokens(1, 2) });
        },
      },
      {
        name: "deploy a token",
        weight: 0.2,
        run(traffic, sender) {
          const token = sharded ? "ShardedSupplyToken" : "Token";
          traffic.send(sender, { data: creationOf(token, ["Token of the day", "DAY"]) });
        },
      },
    ];
  },
};
