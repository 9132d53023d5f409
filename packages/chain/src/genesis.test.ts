// A chain's first block and first state.

import { hashHeader } from "@braid/protocol";
import { expect, test } from "vitest";
import { openGenesis } from "./genesis.ts";

test("a genesis file gives its chain, its first block, and the state after it", async () => {
  const { chain, header, store } = await openGenesis({
    config: { chainId: 9, homesteadBlock: 0, eip150Block: 2 },
    alloc: { "0x00000000000000000000000000000000000000aa": { balance: "0x10" } },
    gasLimit: "0x5f5e100",
    difficulty: "0x20000",
    nonce: "0x0",
    timestamp: "0x0",
  });
  expect([chain.chainId, chain.forkAt({ number: 1n, timestamp: 0n })]).toEqual([9n, "homestead"]);
  expect([header.number, header.gasLimit, header.difficulty]).toEqual([0n, 100_000_000n, 131_072n]);
  expect(store.head).toMatchObject({ number: 0n, hash: hashHeader(header), stateRoot: header.stateRoot });
});
