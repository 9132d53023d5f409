// Counters: the smallest thing that everybody writes.
import { BOTH, type Family } from "./family.ts";

export const COUNTER_FAMILY: Family = {
  name: "counter",
  description: "counters that everybody adds to",
  variants: BOTH,
  async setUp(world, variant) {
    const counters = world.each(() => world.create(variant === "parallel" ? "ShardedCounter" : "Counter"));
    await world.settle();
    return [
      {
        name: "count",
        weight: 1,
        run(traffic, sender) {
          traffic.send(sender, traffic.popular(counters).call("count"));
        },
      },
    ];
  },
};
