// The table of opcodes is ethereumjs's: which opcodes a fork has, what they cost, and what the hot loop of the other engine takes and leaves.

import { type Chain, chainOf } from "@braid/protocol";
import { FORKS } from "@braid/testing/block-builder";
import { createEVM } from "@ethereumjs/evm";
import { expect, test } from "vitest";
import { commonOf } from "../ethereumjs/evm/chain-config.ts";
import { COLD, gasTable } from "../ethereumjs/evm/gas-table.ts";
import { gasIn, OPCODES } from "./opcodes.ts";

const INVALID = 0xfe;

test.each(FORKS)("%s", async (fork) => {
  const chain: Chain = chainOf("mainnet").from(fork);
  const evm = await createEVM({ common: commonOf(chain, fork) });
  const found = [...evm["_opcodes"].values()]
    .filter(({ code }) => code !== INVALID)
    .map(({ code, fee }) => [code, fee]);
  const expected = OPCODES.map((opcode) => [opcode.code, gasIn(opcode, fork)]).filter(
    ([, gas]) => gas !== undefined,
  );
  const byCode = (a: readonly unknown[], b: readonly unknown[]) => Number(a[0]) - Number(b[0]);
  expect(expected.sort(byCode)).toEqual(found.sort(byCode));
  const { fees, stackNeeded, stackGrowth } = gasTable(evm as Parameters<typeof gasTable>[0]);
  for (const { code, name, taken, left } of OPCODES) {
    // Those that ethereumjs's handlers run check the stack themselves.
    if (fees[code] === COLD || (stackNeeded[code] === 0 && stackGrowth[code] === 0)) continue;
    expect([name, stackNeeded[code], stackGrowth[code]]).toEqual([name, taken, left - taken]);
  }
});
