// System contracts that are missing or fail: those whose answer the protocol needs make the block invalid, the others do not.
// Stock ethereumjs accepts all of these blocks.

import { Executor } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import type { ForkName } from "@braid/protocol";
import { BEACON_ROOTS, BLOCK_HASHES, REQUEST_CONTRACTS } from "@braid/testing/block-builder";
import { TestChain } from "@braid/testing/test-chain";
import { afterAll, describe, expect, test } from "vitest";

const executor = new Executor({ workers: 2 });
afterAll(() => executor.close());

const FAILURES = [
  ["reverts", "0x5f5ffd"],
  ["throws", "0xfe"],
  // JUMPDEST PUSH0 JUMP, until 30 million gas are gone.
  ["runs out of gas", "0x5b5f56"],
] as const;
const FORKS: ForkName[] = ["prague", "osaka"];

for (const fork of FORKS) {
  for (const address of REQUEST_CONTRACTS.map(bytesToHex)) {
    describe(`the request contract ${address} in ${fork}`, () => {
      test.each(FAILURES)("that %s makes the block invalid", async (_name, code) => {
        const chain = new TestChain(executor, fork, [], { [address]: { code } });
        const { rlp } = await chain.seal();
        await expect(chain.chain.importBlock(rlp)).rejects.toMatchObject({
          code: "BRAID_BLOCK_SYSTEM_CALL_FAILED",
        });
        expect(chain.store.head.number).toBe(0n);
      });

      test("that is not there makes the block invalid", async () => {
        const chain = new TestChain(executor, fork, [], { [address]: { code: "0x" } });
        const { rlp } = await chain.seal();
        await expect(chain.chain.importBlock(rlp)).rejects.toMatchObject({
          code: "BRAID_BLOCK_SYSTEM_CONTRACT_EMPTY",
        });
      });
    });
  }

  describe(`the contracts of EIP-4788 and EIP-2935 in ${fork}`, () => {
    test.each([...FAILURES, ["is not there", "0x"]] as const)(
      "one that %s changes nothing",
      async (_name, code) => {
        const alloc = Object.fromEntries(
          [BEACON_ROOTS, BLOCK_HASHES].map((address) => [bytesToHex(address), { code }]),
        );
        const chain = new TestChain(executor, fork, [], alloc);
        const { stateRoot } = chain.store.head;
        await chain.extend();
        expect(chain.store.head.stateRoot).toEqual(stateRoot);
      },
    );
  });
}

test("a request contract is only needed from the first block of Prague on", async () => {
  const alloc = Object.fromEntries(REQUEST_CONTRACTS.map((address) => [bytesToHex(address), { code: "0x" }]));
  const chain = new TestChain(executor, "cancun", [{ fork: "prague", at: 26 }], alloc);
  await chain.extend();
  const { rlp } = await chain.seal();
  await expect(chain.chain.importBlock(rlp)).rejects.toMatchObject({
    code: "BRAID_BLOCK_SYSTEM_CONTRACT_EMPTY",
  });
});
