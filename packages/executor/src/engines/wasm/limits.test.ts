// What does not fit into the regions of the wasm EVM, and what it is not made for, runs on the ethereumjs engine with the same result; and what it stops
// for, it goes on after.

import { bigIntToBytes32 } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm, callWith } from "@braid/testing/assembler";
import { BlockBuilder, ETHER, type TestBlock } from "@braid/testing/block-builder";
import { expect, test } from "vitest";
import { fingerprint, runBraid } from "../../testing/agree.ts";
import { readByRead } from "../../testing/sources.ts";

const CONTRACT = plainAddress(700);
const OTHER = plainAddress(701);
const NOTHING = new Uint8Array(0);

/** Runs the block on both engines, also where state has to be asked for; answers how many units the wasm engine left to the other one. */
async function leftOver(block: TestBlock): Promise<number> {
  const expected = fingerprint(await runBraid(block, 0, { mode: "sequential" }));
  const left = new Set<number>();
  for (const source of [block.source(), readByRead(block.source())])
    for (const [workers, mode] of [
      [0, "sequential"],
      [2, "parallel"],
    ] as const) {
      const result = await runBraid(block, workers, { mode, source, engine: "wasm" });
      expect(JSON.parse(fingerprint(result)), `${mode}`).toEqual(JSON.parse(expected));
      left.add(result.statistics.engine.unsupported);
    }
  expect(left.size).toBe(1);
  return [...left][0] as number;
}

function blockOf(code: Uint8Array, more: { gasLimit?: number; other?: Uint8Array } = {}): Promise<TestBlock> {
  const block = new BlockBuilder("cancun", { gasLimit: 200_000_000n });
  block.fund(keyed(0));
  block.contract(CONTRACT, code, { balance: 5n });
  block.contract(OTHER, more.other ?? asm("STOP"));
  block.send({ from: keyed(0), to: CONTRACT, gasLimit: more.gasLimit ?? 30_000_000 });
  return block.build();
}

/** Does `body` for a counter that goes down to zero; it finds the counter on top of the stack, and leaves it there. */
function times(count: number, ...body: Parameters<typeof asm>): Uint8Array {
  return asm(count, ":again", ...body, 1, "SWAP1", "SUB", "DUP1", "@again", "JUMPI", "STOP");
}

test.each<[what: string, code: Uint8Array, left: number]>([
  ["a memory that fits", asm(1, 0x8_0000, "MSTORE", "MSIZE", 0, "MSTORE", 32, 0, "RETURN"), 0],
  ["a memory that does not", asm(1, 0x20_0000, "MSTORE", "MSIZE", 0, "MSTORE", 32, 0, "RETURN"), 1],
  ["an answer that fits", asm(0x1_0000, 0, "RETURN"), 0],
  ["an answer that does not", asm(0x4_0000, 0, "RETURN"), 1],
  ["a log that fits", asm(0x1_0000, 0, "LOG0"), 0],
  ["a log that does not", asm(0x3_0000, 0, "LOG0"), 1],
  ["as many slots as fit", times(4_000, "DUP1", "DUP1", "SSTORE"), 0],
  ["more slots than fit", times(9_000, "DUP1", "SLOAD", "POP"), 1],
  ["a slot that is written again and again", times(20_000, "DUP1", 1, "SSTORE"), 0],
  ["a deep stack of calls", asm(0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL"), 0],
])("%s", async (_what, code, left) => {
  expect(await leftOver(await blockOf(code))).toBe(left);
});

test("a call of a contract that returns more than there is room for", async () => {
  const block = await blockOf(
    asm(...callWith(OTHER, NOTHING), "RETURNDATASIZE", 0, "MSTORE", 32, 0, "RETURN"),
    {
      other: asm(0x4_0000, 0, "RETURN"),
    },
  );
  expect(await leftOver(block)).toBe(1);
});

test("amounts beyond 2^128 wei, and balances beyond 2^200", async () => {
  for (const balance of [1n << 160n, 1n << 250n]) {
    const block = new BlockBuilder("cancun");
    block.account(keyed(1).address, { balance });
    block.fund(keyed(0));
    block.send({ from: keyed(1), to: OTHER, value: 1n << 140n });
    block.send({ from: keyed(0), to: OTHER, value: ETHER });
    // Where there is such a balance nothing is for the wasm engine, prologue and epilogue neither.
    expect(await leftOver(await block.build())).toBe(balance > 1n << 200n ? 4 : 1);
  }
});

test("init code that looks like a container, and what such a creation says when it reverts", async () => {
  const init = (code: Uint8Array) =>
    bigIntToBytes32(BigInt(`0x${Buffer.from(code).toString("hex").padEnd(64, "0")}`));
  const creation = (code: Uint8Array) =>
    asm(init(code), 0, "MSTORE", 32, 0, 0, "CREATE", "GAS", 0, "MSTORE", 32, 0, "RETURN");
  expect(await leftOver(await blockOf(creation(Uint8Array.of(0xef, 0))))).toBe(1);
  expect(await leftOver(await blockOf(creation(asm(0xef, 0, "MSTORE8", 1, 0, "REVERT"))))).toBe(1);
  expect(await leftOver(await blockOf(creation(asm(0xee, 0, "MSTORE8", 1, 0, "REVERT"))))).toBe(0);
});

test("precompiles, blocks' hashes and a beneficiary that nobody knows yet", async () => {
  const address = (last: number): Uint8Array => new Uint8Array(20).with(19, last);
  const calls = Array.from({ length: 10 }, (_, i) =>
    callWith(address(i + 1), new Uint8Array(64).fill(i)),
  ).flat();
  const code = asm(...calls, 999, "BLOCKHASH", 998, "BLOCKHASH", "ADD", 0, "MSTORE", 32, 0, "RETURN");
  expect(await leftOver(await blockOf(code))).toBe(0);
});
