// Insurance: policies, claims, and who decides them.
import { bytesToHex } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { SigningAccount } from "../chain/accounts.ts";
import { ETHER } from "../chain/genesis.ts";
import { encodeArguments, word } from "../contracts/abi.ts";
import { UNLIMITED } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

const YEAR = 365n * 24n * 3_600n;
const FLIGHT = 1;
const EVIDENCE = keccak_256(new TextEncoder().encode("evidence"));
const QUORUM = 3;

interface Policy {
  id: Uint8Array;
  holder: SigningAccount;
}

export const INSURANCE_FAMILY: Family = {
  name: "insurance",
  description: "policies bought, claims filed, assessed and settled, capital brought by underwriters",
  variants: BOTH,
  async setUp(world, variant) {
    const sharded = variant === "parallel";
    const token = world.createToken("USD");
    const insurance = world.create(sharded ? "ShardedInsurance" : "Insurance", token.address);
    world.allow(token, insurance);
    world.send(insurance.call("setRate", FLIGHT, 500n));
    await world.settle();
    const assessors = world.users.slice(0, Math.max(QUORUM, world.users.length >> 3));
    const role = await world.view(insurance, "ASSESSOR_ROLE");
    for (const { address } of assessors) world.send(insurance.call("grantRole", role, address));
    for (const from of world.users) world.send(insurance.call("underwrite", 100_000n * ETHER), { from });
    const pools = sharded
      ? [...new Set(world.users.map(({ address }) => BigInt(bytesToHex(address)) % 16n))]
      : [0n];
    /** Numbers follow from who buys, or from how many were bought before. */
    const bought = new Map<SigningAccount | undefined, bigint>();
    const nextId = (holder: SigningAccount): Uint8Array => {
      const key = sharded ? holder : undefined;
      const count = (bought.get(key) ?? 0n) + 1n;
      bought.set(key, count);
      return sharded
        ? keccak_256(encodeArguments("(address,uint256)", [holder.address, count]))
        : word(count);
    };
    const unclaimed: Policy[] = [];
    for (const holder of world.users.slice(assessors.length)) {
      const cover = 10n * ETHER;
      world.send(insurance.call("buy", FLIGHT, cover, YEAR, UNLIMITED, pools[0] ?? 0n), { from: holder });
      unclaimed.push({ id: nextId(holder), holder });
    }
    await world.settle();
    const filed: { policy: Policy; assessed: number }[] = [];
    const decided: Policy[] = [];
    return [
      {
        name: "buy",
        weight: 8,
        run(traffic, holder) {
          const { random } = traffic;
          const most = traffic.takesFailure() ? 1n : UNLIMITED;
          const pool = traffic.popular(pools);
          const buy = insurance.call("buy", FLIGHT, random.tokens(1, 10), YEAR, most, pool);
          traffic.send(holder, { ...buy, isVital: true });
          if (most !== UNLIMITED) return;
          const id = nextId(holder);
          // Who decides claims has none.
          if (!assessors.includes(holder)) unclaimed.push({ id, holder });
        },
      },
      {
        name: "file",
        weight: 5,
        run(traffic) {
          const [policy] = unclaimed.splice(traffic.random.below(Math.max(1, unclaimed.length)), 1);
          if (policy === undefined) return;
          traffic.send(policy.holder, {
            ...insurance.call("file", policy.id, ETHER / 2n, EVIDENCE),
            isVital: true,
          });
          filed.push({ policy, assessed: 0 });
        },
      },
      {
        name: "assess",
        weight: 12,
        run(traffic) {
          const claim = filed[0];
          if (claim === undefined) return;
          const from = assessors[claim.assessed++ % assessors.length] as SigningAccount; // in bounds
          traffic.send(from, { ...insurance.call("assess", claim.policy.id, true), isVital: true });
          if (claim.assessed < QUORUM) return;
          filed.shift();
          decided.push(claim.policy);
        },
      },
      {
        name: "settle",
        weight: 5,
        run(traffic, sender) {
          const policy = decided.shift();
          if (policy !== undefined) traffic.send(sender, insurance.call("settle", policy.id));
        },
      },
      {
        name: "underwrite",
        weight: 3,
        run(traffic, sender) {
          traffic.send(sender, insurance.call("underwrite", traffic.random.tokens(1, 100)));
        },
      },
    ];
  },
};
