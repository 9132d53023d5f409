// Frame objects serve one call after the other (engines/ethereumjs/evm/frame-interpreter.ts): however a call ends, the next one of the same depth
// begins with nothing but zeros in its memory.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { type AsmItem, asm } from "@braid/testing/assembler";
import { BlockBuilder, type Fork } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { assertAllAgree } from "./testing/agree.ts";

const CALLER = plainAddress(1);
const READER = plainAddress(2);
const DIRTY = plainAddress(3);
const SIZE = 0x420;
const NO_DATA = new Uint8Array(0);

/** Ones in the first word, in some others, and in the last one that the reader looks at. */
const FILL: AsmItem[] = [0, 0x1e0, 0x33, SIZE - 32].flatMap((offset) => [0, "NOT", offset, "MSTORE"]);

const ENDS: [how: string, code: AsmItem[]][] = [
  ["stops", [...FILL, "STOP"]],
  ["ends with its code", FILL],
  ["returns its memory", [...FILL, SIZE, 0, "RETURN"]],
  ["reverts with its memory", [...FILL, SIZE, 0, "REVERT"]],
  ["meets an invalid opcode", [...FILL, "INVALID"]],
  ["takes from an empty stack", [...FILL, "POP"]],
  ["jumps where it must not", [...FILL, 0, "JUMP"]],
  ["runs out of gas", [...FILL, ":loop", 1, "POP", "@loop", "JUMP"]],
  ["runs out of gas for memory", [...FILL, 0, "NOT", 0x10_0000, "MSTORE"]],
  ["has had much memory", [...FILL, 0, "NOT", 0x8000, "MSTORE", 0, "NOT", 0x20_000, "MSTORE", "STOP"]],
  // Opcodes of ethereumjs's own handlers expand memory and write to it.
  ["copies a code and fails", [SIZE, 0, 0, "ADDRESS", "EXTCODECOPY", "INVALID"]],
  [
    "calls with room for an answer and fails",
    [SIZE, 0, SIZE, 0, 0, "ADDRESS", 0, "CALL", ...FILL, "INVALID"],
  ],
];

describe.each<Fork>(["chainstart", "osaka"])("%s", (fork) => {
  // REVERT came with Byzantium: before, it is an invalid opcode like the other one.
  test.each(ENDS)("a call that %s leaves nothing to the next one", async (_how, code) => {
    const block = new BlockBuilder(fork, { gasLimit: 60_000_000n });
    block.fund(...Array.from({ length: 6 }, (_, i) => keyed(i)));
    block.contract(CALLER, TOOL);
    block.contract(READER, asm(SIZE, 0, "LOG0", SIZE - 32, "MLOAD", 0, "MSTORE", 32, 0, "LOG0"));
    block.contract(DIRTY, asm(...code));
    const GAS = 300_000;
    for (let i = 0; i < 6; i++) {
      block.send({ from: keyed(i), to: DIRTY, gasLimit: GAS });
      block.send({ from: keyed(i), to: READER, gasLimit: GAS });
      block.send({ from: keyed(i), to: CALLER, data: tool.call(DIRTY, NO_DATA, GAS), gasLimit: 2 * GAS });
      block.send({ from: keyed(i), to: CALLER, data: tool.call(READER, NO_DATA, GAS), gasLimit: 2 * GAS });
    }
    const { result } = await assertAllAgree(await block.build(), { repeat: 2 });
    for (let i = 1; i < 24; i += 2) {
      const read = result.receipts[i]?.logs.slice(0, 2) ?? [];
      expect(read.map(({ data }) => data.length)).toEqual([SIZE, 32]);
      expect(read.every(({ data }) => data.every((byte) => byte === 0))).toBe(true);
    }
  });
});
