// Vaults of ERC-4626.
import { ETHER } from "../chain/genesis.ts";
import { BOTH, type Family } from "./family.ts";

export const VAULT_FAMILY: Family = {
  name: "vault",
  description: "deposits into vaults, withdrawals, transfers of shares, and profit reported",
  variants: BOTH,
  async setUp(world, variant) {
    const contract = variant === "parallel" ? "ShardedVault" : "Vault";
    const vaults = world.each((index) => {
      const token = world.createToken(`V${index}`);
      const vault = world.create(contract, token.address, "Braid Vault", `VT${index}`);
      world.allow(token, vault);
      for (const from of world.users)
        world.send(vault.call("deposit", 10_000n * ETHER, from.address), { from });
      return vault;
    });
    await world.settle();
    return [
      {
        name: "deposit",
        weight: 10,
        run(traffic, sender) {
          const assets = traffic.takesFailure() ? 10n ** 9n * ETHER : traffic.random.tokens(1, 100);
          traffic.send(sender, traffic.popular(vaults).call("deposit", assets, sender.address));
        },
      },
      {
        name: "withdraw",
        weight: 7,
        run(traffic, sender) {
          const amount = traffic.random.tokens(1, 100);
          const name = traffic.random.chance(50) ? "withdraw" : "redeem";
          traffic.send(sender, traffic.popular(vaults).call(name, amount, sender.address, sender.address));
        },
      },
      {
        name: "transfer shares",
        weight: 4,
        run(traffic, sender) {
          const { address } = traffic.peerOf(sender);
          traffic.send(
            sender,
            traffic.popular(vaults).call("transfer", address, traffic.random.tokens(1, 10)),
          );
        },
      },
      {
        name: "report",
        weight: 0.2,
        run(traffic) {
          traffic.send(world.deployer, traffic.popular(vaults).call("report", traffic.random.tokens(1, 100)));
        },
      },
    ];
  },
};
