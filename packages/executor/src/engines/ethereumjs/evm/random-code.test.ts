// Random bytecode on every fork: the hot loop against stock ethereumjs's interpreter, gas and memory and all, sequentially and
// in parallel. BRAID_SEED=n runs one seed; BRAID_CODE_SEEDS sets how many there are for each fork.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, FORKS } from "@braid/testing/block-builder";
import { expect, test } from "vitest";
import { assertAllAgree } from "../../../testing/agree.ts";
import { program, RANDOM_CONTRACTS, random } from "../../../testing/random-program.ts";

const SEEDS = Number(process.env.BRAID_CODE_SEEDS ?? 3);
const ONE_SEED = process.env.BRAID_SEED === undefined ? undefined : Number(process.env.BRAID_SEED);
const CALLS = 30;

test.each(FORKS)(
  "random code in %s",
  async (fork) => {
    const base = FORKS.indexOf(fork) * 1_000;
    const seeds = ONE_SEED === undefined ? Array.from({ length: SEEDS }, (_, i) => base + i) : [ONE_SEED];
    for (const seed of seeds) {
      const below = random(seed);
      const block = new BlockBuilder(fork);
      block.fund(...Array.from({ length: 5 }, (_, i) => keyed(i)));
      const addresses = Array.from({ length: RANDOM_CONTRACTS }, (_, i) => plainAddress(0x100 + i));
      for (const address of addresses)
        block.contract(address, program(below), { storage: [[1, 7]], balance: 10n });
      for (let i = 0; i < CALLS; i++) {
        const data = Uint8Array.from({ length: below(80) }, () => below(256));
        block.send({
          from: keyed(below(5)),
          to: addresses[below(RANDOM_CONTRACTS)] as Uint8Array,
          data,
          gasLimit: 60_000 + below(200_000),
          value: below(3),
        });
      }
      const { result } = await assertAllAgree(await block.build()).catch((error: unknown) => {
        throw new Error(`seed ${seed} in ${fork}: replay it with BRAID_SEED=${seed}`, { cause: error });
      });
      expect(result.receipts).toHaveLength(CALLS);
    }
  },
  120_000,
);
