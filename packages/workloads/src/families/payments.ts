// Payments that are split among payees.
import { BOTH, type Family } from "./family.ts";

const PAYEES = 8;

export const PAYMENTS_FAMILY: Family = {
  name: "payments",
  description: "ether paid to splitters, and released to their payees",
  variants: BOTH,
  async setUp(world, variant) {
    const payees = world.users.slice(0, PAYEES).map(({ address }) => address);
    const parts = payees.map((_, index) => index + 1);
    const contract = variant === "parallel" ? "ShardedPaymentSplitter" : "PaymentSplitter";
    const splitters = world.each(() => world.create(contract, payees, parts));
    await world.settle();
    return [
      {
        name: "pay",
        weight: 8,
        run(traffic, sender) {
          traffic.send(sender, {
            to: traffic.popular(splitters).address,
            value: traffic.random.tokens(0, 2) + 1n,
          });
        },
      },
      {
        name: "release",
        weight: 2,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(splitters).call("release", traffic.random.pick(payees)));
        },
      },
    ];
  },
};
