// Goods from their makers to who sells them.
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { SigningAccount } from "../chain/accounts.ts";
import { encodeArguments, word } from "../contracts/abi.ts";
import { BOTH, type Family } from "./family.ts";

const GOODS = keccak_256(new TextEncoder().encode("goods"));
const ROLES = ["MAKER_ROLE", "CARRIER_ROLE", "SELLER_ROLE", "INSPECTOR_ROLE"];

interface Batch {
  id: Uint8Array;
  holder: SigningAccount;
  receiver?: SigningAccount;
}

export const SUPPLYCHAIN_FAMILY: Family = {
  name: "supplychain",
  description: "batches of goods made, measured, handed on and sold, now and then recalled",
  variants: BOTH,
  async setUp(world, variant) {
    const perBatch = variant === "parallel";
    const goods = world.create(perBatch ? "SupplyChainPerBatch" : "SupplyChain");
    await world.settle();
    for (const role of ROLES) {
      const id = await world.view(goods, role);
      for (const { address } of world.users) world.send(goods.call("grantRole", id, address));
    }
    const made = new Map<SigningAccount | undefined, bigint>();
    const nextId = (maker: SigningAccount): Uint8Array => {
      const key = perBatch ? maker : undefined;
      const count = (made.get(key) ?? 0n) + 1n;
      made.set(key, count);
      return perBatch
        ? keccak_256(encodeArguments("(address,uint256)", [maker.address, count]))
        : word(count);
    };
    const batches: Batch[] = [];
    for (const holder of world.users) {
      world.send(goods.call("make", 100n, 200, 800, GOODS), { from: holder });
      batches.push({ id: nextId(holder), holder });
    }
    await world.settle();
    return [
      {
        name: "make",
        weight: 5,
        run(traffic, holder) {
          if (traffic.takesFailure()) return traffic.send(holder, goods.call("make", 0n, 200, 800, GOODS));
          traffic.send(holder, { ...goods.call("make", 100n, 200, 800, GOODS), isVital: true });
          batches.push({ id: nextId(holder), holder });
        },
      },
      {
        name: "measure",
        weight: 12,
        run(traffic) {
          const { id, holder } = traffic.popular(batches);
          traffic.send(holder, goods.call("measure", id, traffic.random.between(199, 790)));
        },
      },
      {
        name: "offer or accept",
        weight: 8,
        run(traffic) {
          const batch = traffic.popular(batches);
          if (batch.receiver !== undefined) {
            traffic.send(batch.receiver, goods.call("accept", batch.id));
            batch.holder = batch.receiver;
            delete batch.receiver;
            return;
          }
          batch.receiver = traffic.peerOf(batch.holder);
          traffic.send(batch.holder, goods.call("offer", batch.id, batch.receiver.address));
        },
      },
      {
        name: "sell",
        weight: 1,
        run(traffic) {
          const { id, holder } = traffic.random.pick(batches);
          traffic.send(holder, goods.call("sell", id));
        },
      },
      {
        name: "recall",
        weight: 0.3,
        run(traffic, sender) {
          traffic.send(sender, goods.call("recall", traffic.random.pick(batches).id, GOODS));
        },
      },
    ];
  },
};
