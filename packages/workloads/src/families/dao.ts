// Votes, delegation, proposals, the timelock.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { ETHER } from "../chain/genesis.ts";
import { word } from "../contracts/abi.ts";
import { BOTH, type Family } from "./family.ts";

const DELAY = 12n;
/** Blocks for which a proposal can be voted on. */
const PERIOD = 50;
const VOTES = 1_000n;

export const DAO_FAMILY: Family = {
  name: "dao",
  description:
    "votes on proposals, transfers and delegations of voting power, new proposals, decisions carried out",
  variants: BOTH,
  async setUp(world, variant) {
    const holders = [world.deployer, ...world.users].map(({ address }) => address);
    const votes = world.create("VotesToken", holders, VOTES);
    const timelock = world.create("DaoTimelock", DELAY);
    const governor = world.create(
      variant === "parallel" ? "ShardedDaoGovernor" : "DaoGovernor",
      votes.address,
      timelock.address,
      1n,
    );
    await world.settle();
    for (const role of ["PROPOSER_ROLE", "CANCELLER_ROLE"])
      world.send(timelock.call("grantRole", await world.view(timelock, role), governor.address));
    for (const from of [world.deployer, ...world.users])
      world.send(votes.call("delegate", from.address), { from });
    world.send({ to: timelock.address, data: new Uint8Array(0) }, { value: 1_000n * ETHER });
    await world.settle();

    let proposals = 0;
    const draft = () => {
      const description = `Proposal ${proposals++}`;
      const actions = [[keccak_256(word(BigInt(proposals))).slice(12)], [1n], [new Uint8Array(0)]];
      const hash = keccak_256(new TextEncoder().encode(description));
      return { propose: [...actions, description], byHash: [...actions, hash] };
    };
    const idOf = async (byHash: ReturnType<typeof draft>["byHash"]) =>
      world.number(governor, "hashProposal", ...byHash);
    // One that is decided and only has to be carried out, and then those that are voted on.
    const decided = draft();
    world.send(governor.call("propose", ...decided.propose));
    await world.settle();
    await world.wait(1);
    const first = await idOf(decided.byHash);
    for (const from of [world.deployer, ...world.users])
      world.send(governor.call("castVote", first, 1), { from });
    await world.settle();
    await world.wait(PERIOD);
    const open: bigint[] = [];
    for (let i = 0; i < world.things; i++) {
      const one = draft();
      open.push(await idOf(one.byHash));
      world.send(governor.call("propose", ...one.propose));
    }
    await world.settle();
    await world.wait(2);
    let steps = ["queue", "execute"];
    /** Who has not voted yet. */
    const waiting = new Map(open.map((id) => [id, [...world.users]]));
    return [
      {
        name: "vote",
        weight: 12,
        run(traffic, anybody) {
          const { random } = traffic;
          const id = traffic.popular(open);
          // Hardly anybody tries it twice.
          const sender = (random.chance(95) ? waiting.get(id)?.pop() : undefined) ?? anybody;
          const support = random.weighted([
            [60, 1],
            [30, 0],
            [10, 2],
          ]);
          if (random.chance(30))
            traffic.send(sender, governor.call("castVoteWithReason", id, support, "because"));
          else traffic.send(sender, governor.call("castVote", id, support));
        },
      },
      {
        name: "transfer votes",
        weight: 6,
        run(traffic, sender) {
          const amount = traffic.takesFailure() ? VOTES * 1_000n : 1n;
          traffic.send(sender, votes.call("transfer", traffic.peerOf(sender).address, amount));
        },
      },
      {
        name: "delegate",
        weight: 3,
        run(traffic, sender) {
          traffic.send(sender, votes.call("delegate", traffic.peerOf(sender).address));
        },
      },
      {
        name: "propose",
        weight: 0.5,
        run(traffic, sender) {
          traffic.send(sender, governor.call("propose", ...draft().propose));
        },
      },
      {
        name: "carry out",
        weight: 0.3,
        run(traffic, sender) {
          const [step, ...rest] = steps;
          if (step === undefined) return;
          steps = rest;
          traffic.send(sender, governor.call(step, ...decided.byHash));
        },
      },
    ];
  },
};
