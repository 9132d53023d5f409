// A chain's first block and first state.

import { hashHeader } from "@braid/protocol";
import { MemoryStateStore } from "@braid/state";
import { expect, test, vi } from "vitest";
import { openGenesis } from "./genesis.ts";

const GENESIS = {
  config: { chainId: 9, homesteadBlock: 0, eip150Block: 2 },
  alloc: { "0x00000000000000000000000000000000000000aa": { balance: "0x10" } },
  gasLimit: "0x5f5e100",
  difficulty: "0x20000",
  nonce: "0x0",
  timestamp: "0x0",
};

test("a genesis file gives its chain, its first block, and the state after it", async () => {
  const { chain, header, store } = await openGenesis(GENESIS);
  expect([chain.chainId, chain.forkAt({ number: 1n, timestamp: 0n })]).toEqual([9n, "homestead"]);
  expect([header.number, header.gasLimit, header.difficulty]).toEqual([0n, 100_000_000n, 131_072n]);
  expect(store.head).toMatchObject({ number: 0n, hash: hashHeader(header), stateRoot: header.stateRoot });
});

test("a state that the store has is not made again, and another genesis file is not taken for it", async () => {
  const store = new MemoryStateStore();
  const { header } = await openGenesis(GENESIS, store);
  const prepare = vi.spyOn(store, "prepare");
  expect((await openGenesis(GENESIS, store)).header).toEqual(header);
  expect(prepare).not.toHaveBeenCalled();
  for (const other of [
    { ...GENESIS, alloc: { "0x00000000000000000000000000000000000000aa": { balance: "0x11" } } },
    { ...GENESIS, gasLimit: "0x5f5e101" },
  ])
    await expect(openGenesis(other, store)).rejects.toMatchObject({ code: "BRAID_KNOWN_BLOCK" });
});
