// What needs no contract of anybody's: ether from hand to hand, and requests to the consensus layer.
import { concatBytes } from "@braid/primitives";
import { CONSOLIDATION_REQUESTS, WITHDRAWAL_REQUESTS } from "../chain/system-contracts.ts";
import type { Family } from "./family.ts";

export const ETHER_FAMILY: Family = {
  name: "ether",
  description: "transfers of ether to users and new addresses, requests to the consensus layer",
  variants: ["plain"],
  async setUp() {
    return [
      {
        name: "transfer",
        weight: 40,
        run(traffic, sender) {
          const { random } = traffic;
          const to = random.chance(10) ? random.bytes(20) : traffic.peerOf(sender).address;
          traffic.send(sender, { to, value: random.tokens(0, 3) });
        },
      },
      {
        // A validator's withdrawal or a merger of two; the fee is 1 wei as long as few ask, the rest is kept.
        name: "ask the consensus layer",
        weight: 1,
        run(traffic, sender) {
          const { random } = traffic;
          const merges = random.chance(40);
          const { address } = merges ? CONSOLIDATION_REQUESTS : WITHDRAWAL_REQUESTS;
          const amount = concatBytes(new Uint8Array(4), random.bytes(4)); // gwei
          const data = concatBytes(random.bytes(48), merges ? random.bytes(48) : amount);
          traffic.send(sender, { to: address, data, value: 10n });
        },
      },
    ];
  },
};
